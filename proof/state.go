package proof

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/internal/wellknown"
)

// proveState proves the account's state bucket, and the keys of the bucket and of the account's
// secrets.
func (p *prover) proveState(ctx context.Context, a *account) {
	name := p.org.Name(a.name, "state")
	a.proveBucket(ctx, SubjectState, name+"-"+a.id, "alias/"+name)
	a.proveKeyByObject(ctx, name+"-"+a.id)
	a.proveKey(ctx, SubjectState, "alias/"+name)
	a.claim(SubjectState, "bucket has the account's facts, for its own programs", func() error {
		return a.checkFacts(ctx, name+"-"+a.id)
	})
	a.proveKey(ctx, SubjectSecrets, "alias/"+p.org.Name(a.name, "secrets"))
}

// proveKeyByObject proves that S3 calls KMS for each object of the state bucket. Then a policy can
// allow decrypting some objects only.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
func (a *account) proveKeyByObject(ctx context.Context, bucket string) {
	a.claim(SubjectState, "bucket has no S3 Bucket Key, with which whoever decrypts one object decrypts all", func() error {
		return a.checkNoBucketKey(ctx, bucket)
	})
}

// checkFacts reads the stack with the account's facts in the state bucket.
func (a *account) checkFacts(ctx context.Context, bucket string) error {
	key := wellknown.FactsKey(a.name)
	object, err := a.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key, ExpectedBucketOwner: &a.id})
	if err != nil {
		return err
	}
	defer func() { _ = object.Body.Close() }() // The body was only read.
	if aws.ToBool(object.BucketKeyEnabled) {
		return fmt.Errorf("%s was written with an S3 Bucket Key, so that previews that may decrypt that object alone can't read it", key)
	}
	content, err := io.ReadAll(object.Body)
	if err != nil {
		return err
	}
	var stack struct {
		Checkpoint apitype.CheckpointV3 `json:"checkpoint"`
	}
	if err := json.Unmarshal(content, &stack); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if stack.Checkpoint.Latest == nil || len(stack.Checkpoint.Latest.Resources) != 1 {
		return fmt.Errorf("%s is no stack of facts", key)
	}
	if id := stack.Checkpoint.Latest.Resources[0].Outputs["accountId"]; id != a.id {
		return fmt.Errorf("%s is about account %v", key, id)
	}
	return nil
}

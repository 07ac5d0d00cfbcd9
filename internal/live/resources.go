package live

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/awstype"
)

// buckets reads the policies of buckets.
func (r *reader) buckets(ctx context.Context) error {
	client := s3.NewFromConfig(r.Config, func(o *s3.Options) {
		o.UsePathStyle = r.Config.BaseEndpoint != nil // An emulator has no host name for each bucket.
	})
	pages := s3.NewListBucketsPaginator(client, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1000)}) // It has regions only in pages.
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, b := range page.Buckets {
			name := aws.ToString(b.Name)
			r.add(awstype.S3BucketV2, name, name, "arn:aws:s3:::"+name, map[string]any{"bucket": name})
			p, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: b.Name}, func(o *s3.Options) {
				if region := aws.ToString(b.BucketRegion); region != "" {
					o.Region = region
				}
			})
			if awserror.Is(err, awserror.NoSuchBucketPolicy) {
				continue
			}
			var document *string
			if err == nil {
				document = p.Policy
			}
			if err := r.addPolicy(awstype.S3BucketPolicy, name, "", map[string]any{"bucket": name}, document, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// keys reads the policies of keys and their aliases.
func (r *reader) keys(ctx context.Context) error {
	client := kms.NewFromConfig(r.Config)
	keys := kms.NewListKeysPaginator(client, &kms.ListKeysInput{})
	for keys.HasMorePages() {
		page, err := keys.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, k := range page.Keys {
			p, err := client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: k.KeyId, PolicyName: aws.String("default")})
			var document *string
			if err == nil {
				document = p.Policy
			}
			if err := r.addPolicy(awstype.KMSKey, aws.ToString(k.KeyId), aws.ToString(k.KeyArn), map[string]any{}, document, err); err != nil {
				return err
			}
		}
	}
	aliases := kms.NewListAliasesPaginator(client, &kms.ListAliasesInput{})
	for aliases.HasMorePages() {
		page, err := aliases.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, a := range page.Aliases {
			if a.TargetKeyId != nil { // AWS lists aliases for keys that it hasn't made yet.
				r.add(awstype.KMSAlias, aws.ToString(a.AliasName), aws.ToString(a.AliasName), "", map[string]any{"name": aws.ToString(a.AliasName), "targetKeyId": aws.ToString(a.TargetKeyId)})
			}
		}
	}
	return nil
}

// zones reads the names of zones.
func (r *reader) zones(ctx context.Context) error {
	pages := route53.NewListHostedZonesPaginator(route53.NewFromConfig(r.Config), &route53.ListHostedZonesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, z := range page.HostedZones {
			id := strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/")
			name := strings.TrimSuffix(aws.ToString(z.Name), ".")
			r.add(awstype.Route53Zone, name, id, "arn:aws:route53:::hostedzone/"+id, map[string]any{"name": name})
		}
	}
	return nil
}

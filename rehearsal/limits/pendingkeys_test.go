package limits_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// The ids of two keys. The alias names lostKey, which also encrypts the objects in the bucket.
const (
	lostKey = "11111111-1111-1111-1111-111111111111"
	goodKey = "22222222-2222-2222-2222-222222222222"
)

// encrypted returns an emulator with a bucket and its key. It counts questions about keys.
func encrypted(asked *int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeKey"):
			if strings.Contains(string(body), "alias/state") {
				*asked++
			}
			fmt.Fprintf(w, `{"KeyMetadata": {"KeyId": "%[1]s", "Arn": "arn:aws:kms:eu-north-1:123456789012:key/%[1]s"}}`, lostKey)
		case r.Header.Get("X-Amz-Target") != "":
			key := lostKey
			if strings.Contains(string(body), goodKey) {
				key = goodKey
			}
			fmt.Fprintf(w, `{"KeyId": %q}`, key)
		case r.URL.Query().Has("encryption"):
			*asked++
			fmt.Fprintf(w, `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>arn:aws:kms:eu-north-1:123456789012:key/%s</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`, lostKey)
		case r.URL.Path == "/bucket/plain":
		default:
			w.Header().Set("x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:eu-north-1:123456789012:key/"+lostKey)
		}
	}
}

// Objects can't be read or written while their key is pending deletion, and can again when the
// deletion is cancelled.
func TestKeyPendingDeletion(t *testing.T) {
	t.Parallel()
	asked := 0
	s := start(t, encrypted(&asked), proxy.Options{Rules: limits.Unhurried})
	keys := kms.NewFromConfig(s.master())
	objects := s3.NewFromConfig(s.master(), func(o *s3.Options) { o.UsePathStyle = true })
	blob := []byte(lostKey + " encrypted")
	calls := map[string]func() error{
		"Decrypt": func() error { _, err := keys.Decrypt(ctx(), &kms.DecryptInput{CiphertextBlob: blob}); return err },
		"GenerateDataKey": func() error {
			_, err := keys.GenerateDataKey(ctx(), &kms.GenerateDataKeyInput{KeyId: aws.String("alias/state")})
			return err
		},
		"Encrypt": func() error {
			_, err := keys.Encrypt(ctx(), &kms.EncryptInput{KeyId: aws.String("arn:aws:kms:eu-north-1:123456789012:key/" + lostKey), Plaintext: blob})
			return err
		},
		"EnableKey": func() error {
			_, err := keys.EnableKey(ctx(), &kms.EnableKeyInput{KeyId: aws.String(lostKey)})
			return err
		},
		"GetObject": func() error {
			_, err := objects.GetObject(ctx(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("state")})
			return err
		},
		"HeadObject": func() error {
			_, err := objects.HeadObject(ctx(), &s3.HeadObjectInput{Bucket: aws.String("bucket"), Key: aws.String("state")})
			return err
		},
		"PutObject": func() error {
			_, err := objects.PutObject(ctx(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("state"), Body: strings.NewReader("x")})
			return err
		},
	}
	each := func(when string, refused bool) {
		t.Helper()
		for name, call := range calls {
			if err := call(); (err != nil) != refused {
				t.Errorf("%s, %s: %v", when, name, err)
			}
		}
	}
	each("before", false)
	if asked != 2 { // Policies depend on the alias's key, and on the bucket's encryption.
		t.Errorf("%d questions about keys, none of which is pending deletion", asked)
	}
	_, err := keys.ScheduleKeyDeletion(ctx(), &kms.ScheduleKeyDeletionInput{KeyId: aws.String(lostKey)})
	must(t, err)
	each("pending deletion", true)

	var invalid *kmstypes.KMSInvalidStateException
	if err := calls["Decrypt"](); !errors.As(err, &invalid) || invalid.ErrorMessage() != "arn:aws:kms:eu-north-1:123456789012:key/"+lostKey+" is pending deletion." {
		t.Errorf("Decrypt: %v", err)
	}
	var api smithy.APIError
	if err := calls["GetObject"](); !errors.As(err, &api) || api.ErrorCode() != "KMS.KMSInvalidStateException" {
		t.Errorf("GetObject: %v", err)
	}
	for name, call := range map[string]func() error{
		"another key": func() error {
			_, err := keys.GenerateDataKey(ctx(), &kms.GenerateDataKeyInput{KeyId: aws.String(goodKey)})
			return err
		},
		"DescribeKey": func() error {
			_, err := keys.DescribeKey(ctx(), &kms.DescribeKeyInput{KeyId: aws.String(lostKey)})
			return err
		},
		"DeleteAlias": func() error {
			_, err := keys.DeleteAlias(ctx(), &kms.DeleteAliasInput{AliasName: aws.String("alias/state")})
			return err
		},
		"plain object": func() error {
			_, err := objects.GetObject(ctx(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("plain")})
			return err
		},
		"DeleteObject": func() error {
			_, err := objects.DeleteObject(ctx(), &s3.DeleteObjectInput{Bucket: aws.String("bucket"), Key: aws.String("state")})
			return err
		},
		"another's ciphertext": func() error {
			_, err := keys.Decrypt(ctx(), &kms.DecryptInput{CiphertextBlob: []byte(goodKey + base64.StdEncoding.EncodeToString(blob))})
			return err
		},
	} {
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = keys.CancelKeyDeletion(ctx(), &kms.CancelKeyDeletionInput{KeyId: aws.String(lostKey)})
	must(t, err)
	each("cancelled", false)
}

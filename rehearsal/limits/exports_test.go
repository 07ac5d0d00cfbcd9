package limits_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/guardduty/types"
	"github.com/aws/aws-sdk-go-v2/service/macie2"
	macietypes "github.com/aws/aws-sdk-go-v2/service/macie2/types"
)

func guardDutyMay(action, resource, condition string) string {
	return `{"Effect":"Allow","Principal":{"Service":"guardduty.amazonaws.com"},"Action":"` + action + `","Resource":"` + resource + `","Condition":` + condition + `}`
}

// TestExportsThatCannotBeWritten has what GuardDuty refuses of a destination of findings.
func TestExportsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	const (
		ofDetector = `{"StringEquals":{"aws:SourceAccount":"123456789012"},"ArnLike":{"aws:SourceArn":"arn:aws:guardduty:*:123456789012:detector/*"}}`
		ofAnother  = `{"StringEquals":{"aws:SourceAccount":"111111111111"}}`
	)
	policy := func(condition string) string {
		return document(guardDutyMay("s3:GetBucketLocation", "arn:aws:s3:::b", condition), guardDutyMay("s3:PutObject", "arn:aws:s3:::b/*", condition))
	}
	for name, test := range map[string]struct {
		change func(*fake)
		why    string
	}{
		"all is well": {func(*fake) {}, ""},
		"no bucket":   {func(f *fake) { delete(f.buckets, "b") }, "there is no bucket b"},
		"no policy":   {func(f *fake) { f.buckets["b"] = fakeBucket{region: "eu-north-1"} }, "s3:GetBucketLocation is denied"},
		"writes only": {func(f *fake) {
			f.buckets["b"] = fakeBucket{policy: document(guardDutyMay("s3:GetBucketLocation", "arn:aws:s3:::b", "{}")), region: "eu-north-1"}
		}, "s3:PutObject on arn:aws:s3:::b/AWSLogs/123456789012/GuardDuty/eu-north-1/check is denied"},
		"another account's": {func(f *fake) { f.buckets["b"] = fakeBucket{policy: policy(ofAnother), region: "eu-north-1"} }, "s3:GetBucketLocation is denied"},
		"another region":    {func(f *fake) { f.buckets["b"] = fakeBucket{policy: policy(ofDetector), region: "eu-west-1"} }, "the key isn't in the region of the bucket"},
		"another's key": {func(f *fake) {
			f.keys[trailKey] = fakeKey{document(guardDutyMay("kms:GenerateDataKey", "*", ofAnother)), "Enabled"}
		}, "kms:GenerateDataKey is denied"},
		"a key to be gone": {func(f *fake) {
			f.keys[trailKey] = fakeKey{document(guardDutyMay("kms:*", "*", "{}")), "PendingDeletion"}
		}, "the key is PendingDeletion"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			f.buckets["b"] = fakeBucket{policy: policy(ofDetector), region: "eu-north-1"}
			f.keys[trailKey] = fakeKey{document(guardDutyMay("kms:GenerateDataKey", "*", ofDetector)), "Enabled"}
			test.change(f)
			s := start(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/detector/") {
					fmt.Fprint(w, "{}")
					return
				}
				f.ServeHTTP(w, r)
			}, unhurried(nil))
			_, err := guardduty.NewFromConfig(s.master()).CreatePublishingDestination(ctx(), &guardduty.CreatePublishingDestinationInput{
				DetectorId: aws.String("d"), DestinationType: types.DestinationTypeS3,
				DestinationProperties: &types.DestinationProperties{DestinationArn: aws.String("arn:aws:s3:::b"), KmsKeyArn: aws.String(trailKey)},
			})
			code := ""
			if test.why != "" {
				code = "BadRequestException"
			}
			refused(t, err, code, "(rehearsal: "+test.why)
		})
	}
}

func macieMay(action, resource, condition string) string {
	return `{"Effect":"Allow","Principal":{"Service":"macie.amazonaws.com"},"Action":` + action + `,"Resource":"` + resource + `","Condition":` + condition + `}`
}

// TestDiscoveriesThatCannotBeWritten has what Macie refuses of a bucket for discovery results.
func TestDiscoveriesThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	const (
		ofMacie = `{"StringEquals":{"aws:SourceAccount":"123456789012"},"ArnLike":{"aws:SourceArn":["arn:aws:macie2:*:123456789012:export-configuration:*","arn:aws:macie2:*:123456789012:classification-job/*"]}}`
		noJobs  = `{"ArnLike":{"aws:SourceArn":"arn:aws:macie2:*:123456789012:export-configuration:*"}}`
		another = `{"StringEquals":{"aws:SourceAccount":"111111111111"}}`
	)
	policy := func(condition string) string {
		return document(macieMay(`"s3:GetBucketLocation"`, "arn:aws:s3:::b", condition), macieMay(`"s3:PutObject"`, "arn:aws:s3:::b/p/*", condition))
	}
	for name, test := range map[string]struct {
		change func(*fake)
		why    string
	}{
		"all is well":       {func(*fake) {}, ""},
		"no bucket":         {func(f *fake) { delete(f.buckets, "b") }, "there is no bucket b"},
		"no policy":         {func(f *fake) { f.buckets["b"] = fakeBucket{region: "eu-north-1"} }, "s3:GetBucketLocation is denied"},
		"another account's": {func(f *fake) { f.buckets["b"] = fakeBucket{policy: policy(another), region: "eu-north-1"} }, "s3:GetBucketLocation is denied"},
		"not for jobs":      {func(f *fake) { f.buckets["b"] = fakeBucket{policy: policy(noJobs), region: "eu-north-1"} }, "s3:GetBucketLocation is denied"},
		"elsewhere": {func(f *fake) {
			f.buckets["b"] = fakeBucket{policy: strings.Replace(policy(ofMacie), "b/p/*", "b/q/*", 1), region: "eu-north-1"}
		}, "s3:PutObject on arn:aws:s3:::b/p/AWSLogs/123456789012/Macie/eu-north-1/check is denied"},
		"another region": {func(f *fake) { f.buckets["b"] = fakeBucket{policy: policy(ofMacie), region: "eu-west-1"} }, "the key isn't in the region of the bucket"},
		"half a key": {func(f *fake) {
			f.keys[trailKey] = fakeKey{document(macieMay(`"kms:GenerateDataKey"`, "*", ofMacie)), "Enabled"}
		}, "kms:Encrypt is denied"},
		"a key to be gone": {func(f *fake) { f.keys[trailKey] = fakeKey{document(macieMay(`"kms:*"`, "*", "{}")), "PendingDeletion"} }, "the key is PendingDeletion"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			f.buckets["b"] = fakeBucket{policy: policy(ofMacie), region: "eu-north-1"}
			f.keys[trailKey] = fakeKey{document(macieMay(`["kms:GenerateDataKey","kms:Encrypt"]`, "*", ofMacie)), "Enabled"}
			test.change(f)
			s := start(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/classification-export-configuration") {
					fmt.Fprint(w, "{}")
					return
				}
				f.ServeHTTP(w, r)
			}, unhurried(nil))
			client := macie2.NewFromConfig(s.master())
			put := func(to *macietypes.S3Destination) error {
				_, err := client.PutClassificationExportConfiguration(ctx(), &macie2.PutClassificationExportConfigurationInput{
					Configuration: &macietypes.ClassificationExportConfiguration{S3Destination: to},
				})
				return err
			}
			code := ""
			if test.why != "" {
				code = "AccessDeniedException"
			}
			refused(t, put(&macietypes.S3Destination{BucketName: aws.String("b"), KeyPrefix: aws.String("p"), KmsKeyArn: aws.String(trailKey)}), code, "(rehearsal: "+test.why)
			must(t, put(nil)) // Nowhere.
		})
	}
}

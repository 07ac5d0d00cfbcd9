package limits

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// The service principals of services that export what they find.
const (
	guardDutyPrincipal = "guardduty.amazonaws.com"
	maciePrincipal     = "macie.amazonaws.com"
)

// exports refuses a bucket of findings that GuardDuty or Macie couldn't write to: a service writes as its service principal, for the account
// that asks it to, and encrypts by the key that it is given, which has to be in the bucket's region.
// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html
// https://docs.aws.amazon.com/macie/latest/user/discovery-results-repository-s3.html
type exports struct{ serviceAccess }

func (exports) Name() string { return "export of findings" }

func (r exports) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	switch {
	case c.Is("guardduty", "CreatePublishingDestination", "UpdatePublishingDestination"):
		return r.ofGuardDuty(c, next)
	case c.Is("macie2", "PutClassificationExportConfiguration"):
		return r.ofMacie(c, next)
	}
	return next(c)
}

func (r exports) ofGuardDuty(c *proxy.Call, next proxy.Next) *proxy.Answer {
	var in struct {
		DestinationProperties struct{ DestinationArn, KmsKeyArn string }
	}
	if json.Unmarshal(c.Body, &in) != nil || in.DestinationProperties.DestinationArn == "" {
		return next(c)
	}
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(in.DestinationProperties.DestinationArn, bucketARN), "/")
	detector, _, _ := strings.Cut(strings.TrimPrefix(c.URL.Path, "/detector/"), "/")
	if why := r.unable(c, export{
		principal: guardDutyPrincipal, source: "arn:aws:guardduty:" + c.Region + ":" + c.Caller.Account + ":detector/" + detector,
		bucket: bucket, object: under(prefix) + "AWSLogs/" + c.Caller.Account + "/GuardDuty/" + c.Region + "/check",
		key: in.DestinationProperties.KmsKeyArn, encrypts: []string{"kms:GenerateDataKey"},
	}); why != "" {
		return r.w.Refuse(c, proxy.Problem{
			Status: http.StatusBadRequest, Code: "BadRequestException",
			Message: "The request failed because the GuardDuty service principal does not have permission to the KMS key or the resource specified by the destinationArn parameter. " +
				"Refer to https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html. (rehearsal: " + why + ")",
		})
	}
	return next(c)
}

// ofMacie refuses as Macie does, which tests the settings. It writes for the settings themselves, and for each job.
func (r exports) ofMacie(c *proxy.Call, next proxy.Next) *proxy.Answer {
	var in struct {
		Configuration struct {
			S3Destination struct{ BucketName, KeyPrefix, KmsKeyArn string }
		}
	}
	to := &in.Configuration.S3Destination
	if json.Unmarshal(c.Body, &in) != nil || to.BucketName == "" {
		return next(c)
	}
	for _, source := range []string{"export-configuration:check", "classification-job/check"} {
		if why := r.unable(c, export{
			principal: maciePrincipal, source: "arn:aws:macie2:" + c.Region + ":" + c.Caller.Account + ":" + source,
			bucket: to.BucketName, object: under(to.KeyPrefix) + "AWSLogs/" + c.Caller.Account + "/Macie/" + c.Region + "/check",
			key: to.KmsKeyArn, encrypts: []string{"kms:GenerateDataKey", "kms:Encrypt"},
		}); why != "" {
			return r.w.Refuse(c, proxy.Problem{
				Status: http.StatusForbidden, Code: "AccessDeniedException",
				Message: "The request failed because Macie isn't allowed to write to the bucket, or to use the KMS key (rehearsal: " + why + ")",
			})
		}
	}
	return next(c)
}

// under returns a prefix as the names of objects begin with it.
func under(prefix string) string {
	if prefix == "" {
		return ""
	}
	return strings.TrimSuffix(prefix, "/") + "/"
}

// export is what a service does to export something.
type export struct {
	principal, source string   // as whom, and for what
	bucket, object    string   // where to
	key               string   // the ARN of the key
	encrypts          []string // what the service asks of the key
}

// unable returns why a service can't export; empty if it can.
func (r exports) unable(c *proxy.Call, e export) string {
	if _, status := r.w.bucket(c.Context(), c.Caller.Account, e.bucket, "location"); status != http.StatusOK {
		return "there is no bucket " + e.bucket
	}
	keys := sentBy(e.principal, e.source, c.Caller.Account)
	may := func(action, resource string) authorization.Decision {
		return r.decide(c, byService(e.principal, action, resource, keys))
	}
	object := bucketARN + e.bucket + "/" + e.object
	if d := may("s3:GetBucketLocation", bucketARN+e.bucket); !d.Allowed() {
		return "s3:GetBucketLocation is " + d.String()
	}
	if d := may("s3:PutObject", object); !d.Allowed() {
		return "s3:PutObject on " + object + " is " + d.String()
	}
	return r.keyless(c, e.key, e.bucket, may, e.encrypts...)
}

package limits

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// guardDutyPrincipal is Amazon GuardDuty's service principal.
const guardDutyPrincipal = "guardduty.amazonaws.com"

// exports refuses a destination of findings that GuardDuty couldn't write to: it writes as its service principal, for the detector's
// account, and encrypts by the key that it is given, which has to be in the bucket's region.
// https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html
type exports struct{ serviceAccess }

func (exports) Name() string { return "export of findings" }

func (r exports) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is("guardduty", "CreatePublishingDestination", "UpdatePublishingDestination") {
		return next(c)
	}
	var in struct {
		DestinationProperties struct{ DestinationArn, KmsKeyArn string }
	}
	if json.Unmarshal(c.Body, &in) != nil || in.DestinationProperties.DestinationArn == "" {
		return next(c)
	}
	if why := r.unable(c, in.DestinationProperties.DestinationArn, in.DestinationProperties.KmsKeyArn); why != "" {
		return r.w.Refuse(c, proxy.Problem{
			Status: http.StatusBadRequest, Code: "BadRequestException",
			Message: "The request failed because the GuardDuty service principal does not have permission to the KMS key or the resource specified by the destinationArn parameter. " +
				"Refer to https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_exportfindings.html. (rehearsal: " + why + ")",
		})
	}
	return next(c)
}

// unable returns why GuardDuty can't write to a destination; empty if it can.
func (r exports) unable(c *proxy.Call, destination, key string) string {
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(destination, bucketARN), "/")
	if _, status := r.w.bucket(c.Context(), c.Caller.Account, bucket, "location"); status != http.StatusOK {
		return "there is no bucket " + bucket
	}
	if prefix != "" {
		prefix += "/"
	}
	detector, _, _ := strings.Cut(strings.TrimPrefix(c.URL.Path, "/detector/"), "/")
	keys := sentBy(guardDutyPrincipal, "arn:aws:guardduty:"+c.Region+":"+c.Caller.Account+":detector/"+detector, c.Caller.Account)
	may := func(action, resource string) authorization.Decision {
		return r.decide(c, byService(guardDutyPrincipal, action, resource, keys))
	}
	object := bucketARN + bucket + "/" + prefix + "AWSLogs/" + c.Caller.Account + "/GuardDuty/" + c.Region + "/check"
	if d := may("s3:GetBucketLocation", bucketARN+bucket); !d.Allowed() {
		return "s3:GetBucketLocation is " + d.String()
	}
	if d := may("s3:PutObject", object); !d.Allowed() {
		return "s3:PutObject on " + object + " is " + d.String()
	}
	return r.keyless(c, key, bucket, func(keyARN string) authorization.Decision { return may("kms:GenerateDataKey", keyARN) })
}

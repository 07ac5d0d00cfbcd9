package limits

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/policy"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// channels refuses a delivery channel of AWS Config's whose bucket AWS Config couldn't write. moto checks neither the bucket
// nor its policy, the role of the recorder or the key.
//
// AWS Config tries the recorder's role first, and then its service principal. The service-linked role may read a bucket's ACL,
// and may neither write objects nor use a KMS key.
// https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html
// https://docs.aws.amazon.com/config/latest/developerguide/s3-kms-key-policy.html
type channels struct{ serviceAccess }

func (channels) Name() string { return "AWS Config delivery" }

func (r channels) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if !c.Is(configService, "PutDeliveryChannel") {
		return next(c)
	}
	ch, ok := r.channel(c)
	if !ok {
		return next(c) // The emulator says what is wrong with the request.
	}
	if _, status := r.w.bucket(c.Context(), c.Caller.Account, ch.S3BucketName, "location"); status != http.StatusOK {
		return r.w.Refuse(c, proxy.Problem{
			Status: http.StatusBadRequest, Code: "NoSuchBucketException",
			Message: "Cannot find a S3 bucket with an input bucket name: " + ch.S3BucketName + ".",
		})
	}
	if unable, why := r.unable(c, ch); unable != "" {
		return r.w.Refuse(c, proxy.Problem{
			Status: http.StatusBadRequest, Code: "InsufficientDeliveryPolicyException",
			Message: fmt.Sprintf("Insufficient delivery policy to s3 bucket: %s, %s. (rehearsal: %s)", ch.S3BucketName, unable, why),
		})
	}
	return next(c)
}

// channel is a delivery channel that a call puts. The exported fields are members of AWS's model.
type channel struct {
	S3BucketName string
	S3KeyPrefix  *string
	S3KmsKeyARN  *string

	owner, region string // the account and the region of the channel
	role          string // the ARN of the recorder's role
}

// channel returns the channel that a call puts. It returns false if the request can't be read, or without a recorder.
func (r channels) channel(c *proxy.Call) (*channel, bool) {
	var in struct{ DeliveryChannel channel }
	var found struct{ ConfigurationRecorders []recorder }
	if json.Unmarshal(c.Body, &in) != nil || in.DeliveryChannel.S3BucketName == "" {
		return nil, false
	}
	ch := &in.DeliveryChannel
	ch.owner, ch.region = c.Caller.Account, c.Region
	err := r.w.AskJSONIn(c.Context(), ch.owner, ch.region, configService, configTarget+"DescribeConfigurationRecorders", struct{}{}, &found)
	if err != nil || len(found.ConfigurationRecorders) == 0 {
		return nil, false
	}
	ch.role = found.ConfigurationRecorders[0].RoleARN
	return ch, true
}

// unable returns what AWS Config can't do with a channel, in its words, and why; empty if it can do all.
// People report its words:
// https://github.com/hashicorp/terraform-provider-aws/issues/8655
// https://github.com/awslabs/landing-zone-accelerator-on-aws/issues/127
// https://github.com/aws/aws-cli/issues/3516
func (r channels) unable(c *proxy.Call, ch *channel) (what, why string) {
	if why := r.roleless(c, ch); why != "" {
		return "unable to assume role: " + ch.role, why
	}
	bucket := bucketARN + ch.S3BucketName
	if d := r.may(c, ch, "s3:GetBucketAcl", bucket, nil); !d.Allowed() {
		return "unable to get s3 bucket acl", "s3:GetBucketAcl is " + d.String()
	}
	if why := r.unwritable(c, ch, bucket); why != "" {
		return "unable to write to bucket, provided s3 key prefix is '" + orNull(ch.S3KeyPrefix) + "', provided kms key is '" + orNull(ch.S3KmsKeyARN) + "'", why
	}
	return "", ""
}

// orNull returns a text as AWS Config shows it.
func orNull(text *string) string {
	if text == nil {
		return "null"
	}
	return *text
}

// roleless returns why AWS Config can't assume the recorder's role; empty if it can.
// https://docs.aws.amazon.com/config/latest/developerguide/iamrole-permissions.html
func (r channels) roleless(c *proxy.Call, ch *channel) string {
	if accountOf(ch.role) != ch.owner {
		return "it isn't a role of the account"
	}
	return r.assumable(c, configPrincipal, ch.role, ch.sent())
}

// unwritable returns why AWS Config can't write objects into a channel's bucket; empty if it can.
func (r channels) unwritable(c *proxy.Call, ch *channel, bucket string) string {
	if r.retains(c, ch) {
		// https://docs.aws.amazon.com/config/latest/developerguide/manage-delivery-channel.html
		return "the bucket has Object Lock with default retention, which AWS Config doesn't support"
	}
	object := bucket + "/" + ch.object()
	write := map[string]string{"aws:sourceorgid": r.organization(c.Context()), "s3:x-amz-acl": "bucket-owner-full-control"}
	if d := r.may(c, ch, "s3:PutObject", object, write); !d.Allowed() {
		return "s3:PutObject on " + object + " is " + d.String()
	}
	return r.unencrypted(c, ch)
}

// retains reports whether a channel's bucket has Object Lock with default retention.
func (r channels) retains(c *proxy.Call, ch *channel) bool {
	content, status := r.w.bucket(c.Context(), ch.owner, ch.S3BucketName, "object-lock")
	var lock struct {
		Mode string `xml:"Rule>DefaultRetention>Mode"`
	}
	return status == http.StatusOK && xml.Unmarshal(content, &lock) == nil && lock.Mode != ""
}

// unencrypted returns why AWS Config can't encrypt by a channel's KMS key, which has to be in the bucket's region; empty if it
// can, or if the channel names none.
// https://docs.aws.amazon.com/config/latest/APIReference/API_DeliveryChannel.html
func (r channels) unencrypted(c *proxy.Call, ch *channel) string {
	id := value(ch.S3KmsKeyARN)
	if id == "" {
		return ""
	}
	return r.keyless(c, id, ch.S3BucketName, func(action, keyARN string) authorization.Decision { return r.may(c, ch, action, keyARN, nil) }, "kms:GenerateDataKey")
}

// may decides a request that AWS Config makes as the recorder's role, and as its service principal if the role mayn't. More are
// the condition keys that it sends beside those of every request.
func (r channels) may(c *proxy.Call, ch *channel, action, resource string, more map[string]string) authorization.Decision {
	keys := ch.sent()
	maps.Copy(keys, more)
	if d := r.asRole(c, ch, action, resource, more); d.Allowed() {
		return d
	}
	return r.decide(c, byService(configPrincipal, action, resource, keys))
}

// asRole decides a request that AWS Config makes as the recorder's role.
func (r channels) asRole(c *proxy.Call, ch *channel, action, resource string, more map[string]string) authorization.Decision {
	q := authorization.Request{
		Action: action, Resource: resource, ResourceAccount: r.resources.owner(resource), Complete: true,
		Principal: authorization.Principal{Type: authorization.Role, ARN: ch.role, Account: ch.owner, Session: "AWSConfig-BucketConfigCheck"},
		Keys:      map[string][]string{"aws:securetransport": {"true"}},
	}
	if acl, sends := more["s3:x-amz-acl"]; sends {
		q.Keys["s3:x-amz-acl"] = []string{acl}
	}
	for _, key := range []string{"aws:principalorgid", "aws:resourceorgid"} {
		q.Keys[key] = []string{r.organization(c.Context())}
	}
	p := authorization.Policies{
		Management: r.w.Management, Resource: r.resources.of(c, q),
		ServiceControl:  r.controls.of(c.Context(), serviceControl, ch.owner),
		ResourceControl: r.controls.of(c.Context(), resourceControl, q.ResourceAccount),
	}
	if strings.Contains(ch.role, ":role"+serviceRolePath) {
		p.Identity = []authorization.Policy{linkedToConfig}
		return authorization.Decide(q, p)
	}
	if r.spreading.unpermittedRole(roleKey(ch.owner, ch.role)) != "" {
		return authorization.Decide(q, p) // Its own policies aren't known yet.
	}
	own := r.identities.ofIdentity(c.Context(), ch.role)
	p.Identity, p.Boundary = own.policies, own.boundary
	return authorization.Decide(q, p)
}

// serviceRolePath begins the paths of service-linked roles.
const serviceRolePath = "/aws-service-role/"

// linkedToConfig is what the policy of AWS Config's service-linked role allows of what a delivery channel takes.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSConfigServiceRolePolicy.html
var linkedToConfig = authorization.Policy{Name: "AWSConfigServiceRolePolicy", Document: policy.Document{
	Statements: []policy.Statement{{Effect: policy.Allow, Action: policy.List{"s3:GetBucketAcl", "s3:ListBucket"}, Resource: policy.List{"*"}}},
}}

// sent returns the condition keys of every request of AWS Config.
func (ch *channel) sent() map[string]string {
	return sentBy(configPrincipal, "arn:aws:config:"+ch.region+":"+ch.owner+":*", ch.owner)
}

// object returns the S3 key of the object by which AWS Config tries whether it can write to a channel's bucket.
func (ch *channel) object() string {
	key := "AWSLogs/" + ch.owner + "/Config/ConfigWritabilityCheckFile"
	if prefix := value(ch.S3KeyPrefix); prefix != "" {
		key = prefix + "/" + key
	}
	return key
}

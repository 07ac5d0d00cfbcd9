package limits_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/coldstart-aws/coldstart/rehearsal/limits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// holding returns an emulator that answers the action asked with a text, or with an error if the
// text is empty. Every other call succeeds.
func holding(asked, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		target := r.Header.Get("X-Amz-Target")
		action := target[strings.LastIndexByte(target, '.')+1:] + form.Get("Action")
		if action == "" {
			action = r.Method + " " + r.URL.Path
		}
		out := map[bool]string{true: "{}", false: "<R/>"}[target != ""]
		switch {
		case action == asked:
			out = text
		case r.URL.Query().Has("policy"): // The bucket lets in CloudTrail.
			out = document(`{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:*","Resource":"*"}`)
		}
		if out == "" {
			w.WriteHeader(http.StatusBadRequest)
		}
		fmt.Fprint(w, out)
	}
}

// is reports whether the SDK decodes an error as an error of type E.
func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

// A call whose effect is there already is refused with AWS's error. Every other call passes.
func TestDoneAlready(t *testing.T) {
	t.Parallel()
	name := aws.String("x")
	for action, test := range map[string]struct {
		asked        string
		done, undone string // the emulator's answer if the effect is there, and if it isn't
		call         func(aws.Config) error
		refused      func(error) bool
	}{
		"AttachPolicy": {
			"ListTargetsForPolicy", `{"Targets":[{"TargetId":"x"}]}`, `{"Targets":[{"TargetId":"y"}]}`,
			func(cfg aws.Config) error {
				_, err := organizations.NewFromConfig(cfg).AttachPolicy(ctx(), &organizations.AttachPolicyInput{PolicyId: name, TargetId: name})
				return err
			}, is[*orgtypes.DuplicatePolicyAttachmentException],
		},
		"DetachPolicy": {
			"ListTargetsForPolicy", `{"Targets":[{"TargetId":"y"}]}`, `{"Targets":[{"TargetId":"y"},{"TargetId":"x"}]}`,
			func(cfg aws.Config) error {
				_, err := organizations.NewFromConfig(cfg).DetachPolicy(ctx(), &organizations.DetachPolicyInput{PolicyId: name, TargetId: name})
				return err
			}, is[*orgtypes.PolicyNotAttachedException],
		},
		"MoveAccount": {
			"ListParents", `{"Parents":[{"Id":"ou-to"}]}`, `{"Parents":[{"Id":"ou-from"}]}`, move, is[*orgtypes.DuplicateAccountException],
		},
		"MoveAccount from elsewhere": {
			"ListParents", `{"Parents":[{"Id":"ou-else"}]}`, ``, move, is[*orgtypes.SourceParentNotFoundException],
		},
		"DeregisterDelegatedAdministrator": {
			"ListDelegatedServicesForAccount", `{"DelegatedServices":[{"ServicePrincipal":"y"}]}`, `{"DelegatedServices":[{"ServicePrincipal":"x"}]}`,
			func(cfg aws.Config) error {
				_, err := organizations.NewFromConfig(cfg).DeregisterDelegatedAdministrator(ctx(), &organizations.DeregisterDelegatedAdministratorInput{AccountId: name, ServicePrincipal: name})
				return err
			}, is[*orgtypes.AccountNotRegisteredException],
		},
		"CreateAccountAlias": {
			"ListAccountAliases", aliases("x"), aliases("y"),
			func(cfg aws.Config) error {
				_, err := iam.NewFromConfig(cfg).CreateAccountAlias(ctx(), &iam.CreateAccountAliasInput{AccountAlias: name})
				return err
			}, is[*iamtypes.EntityAlreadyExistsException],
		},
		"DeleteAccountAlias": {
			"ListAccountAliases", aliases("y"), aliases("x"),
			func(cfg aws.Config) error {
				_, err := iam.NewFromConfig(cfg).DeleteAccountAlias(ctx(), &iam.DeleteAccountAliasInput{AccountAlias: name})
				return err
			}, is[*iamtypes.NoSuchEntityException],
		},
		"DeleteOpenIDConnectProvider": {
			"GetOpenIDConnectProvider", ``, `<GetOpenIDConnectProviderResponse/>`,
			func(cfg aws.Config) error {
				_, err := iam.NewFromConfig(cfg).DeleteOpenIDConnectProvider(ctx(), &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: name})
				return err
			}, is[*iamtypes.NoSuchEntityException],
		},
		"CreateTrail": {
			"DescribeTrails", `{"trailList":[{"Name":"x"}]}`, `{"trailList":[{"Name":"y"}]}`,
			func(cfg aws.Config) error {
				_, err := cloudtrail.NewFromConfig(cfg).CreateTrail(ctx(), &cloudtrail.CreateTrailInput{Name: name, S3BucketName: name})
				return err
			}, is[*cloudtrailtypes.TrailAlreadyExistsException],
		},
		"DeleteTrail": {
			"DescribeTrails", `{"trailList":[{"Name":"y"}]}`, `{"trailList":[{"Name":"x"}]}`,
			func(cfg aws.Config) error {
				_, err := cloudtrail.NewFromConfig(cfg).DeleteTrail(ctx(), &cloudtrail.DeleteTrailInput{Name: aws.String("arn:aws:cloudtrail:eu-north-1:123456789012:trail/x")})
				return err
			}, is[*cloudtrailtypes.TrailNotFoundException],
		},
		"ScheduleKeyDeletion": {
			"DescribeKey", `{"KeyMetadata":{"KeyState":"PendingDeletion"}}`, `{"KeyMetadata":{"KeyState":"Enabled"}}`,
			func(cfg aws.Config) error {
				_, err := kms.NewFromConfig(cfg).ScheduleKeyDeletion(ctx(), &kms.ScheduleKeyDeletionInput{KeyId: name})
				return err
			}, is[*kmstypes.KMSInvalidStateException],
		},
		"DeleteAlias": {
			"DescribeKey", ``, `{"KeyMetadata":{}}`,
			func(cfg aws.Config) error {
				_, err := kms.NewFromConfig(cfg).DeleteAlias(ctx(), &kms.DeleteAliasInput{AliasName: name})
				return err
			}, is[*kmstypes.NotFoundException],
		},
		"ChangeResourceRecordSets to delete": {
			"GET /2013-04-01/hostedzone/Z/rrset", records("y.x."), records(`\052.x.`), change(route53types.ChangeActionDelete), is[*route53types.InvalidChangeBatch],
		},
		"ChangeResourceRecordSets to create": {
			"GET /2013-04-01/hostedzone/Z/rrset", records(`\052.x.`), records("y.x."), change(route53types.ChangeActionCreate), is[*route53types.InvalidChangeBatch],
		},
		"DeleteReusableDelegationSet": {
			"GET /2013-04-01/delegationset/N", ``, `<R/>`,
			func(cfg aws.Config) error {
				_, err := route53.NewFromConfig(cfg).DeleteReusableDelegationSet(ctx(), &route53.DeleteReusableDelegationSetInput{Id: aws.String("N")})
				return err
			}, is[*route53types.NoSuchDelegationSet],
		},
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			s := start(t, holding(test.asked, test.done), proxy.Options{Rules: limits.Unhurried})
			if err := test.call(s.master()); !test.refused(err) {
				t.Errorf("what was done already got %v", err)
			}
			s = start(t, holding(test.asked, test.undone), proxy.Options{Rules: limits.Unhurried})
			must(t, test.call(s.master()))
		})
	}
}

func move(cfg aws.Config) error {
	_, err := organizations.NewFromConfig(cfg).MoveAccount(ctx(), &organizations.MoveAccountInput{
		AccountId: aws.String("000000000001"), SourceParentId: aws.String("ou-from"), DestinationParentId: aws.String("ou-to"),
	})
	return err
}

func aliases(alias string) string {
	return "<ListAccountAliasesResponse><ListAccountAliasesResult><AccountAliases><member>" + alias + "</member></AccountAliases></ListAccountAliasesResult></ListAccountAliasesResponse>"
}

// change returns a function that changes the record set *.x.
func change(action route53types.ChangeAction) func(aws.Config) error {
	return func(cfg aws.Config) error {
		_, err := route53.NewFromConfig(cfg).ChangeResourceRecordSets(ctx(), &route53.ChangeResourceRecordSetsInput{
			HostedZoneId: aws.String("Z"), ChangeBatch: &route53types.ChangeBatch{Changes: []route53types.Change{{
				Action: action, ResourceRecordSet: &route53types.ResourceRecordSet{Name: aws.String("*.x"), Type: route53types.RRTypeA},
			}}},
		})
		return err
	}
}

func records(name string) string {
	return "<R><ResourceRecordSets><ResourceRecordSet><Name>" + name + "</Name><Type>A</Type></ResourceRecordSet></ResourceRecordSets></R>"
}

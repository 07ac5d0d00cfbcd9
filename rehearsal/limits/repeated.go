package limits

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// repeated refuses a call whose effect is there already, as AWS does: to attach a policy that is
// attached, to move an account to the unit that it is in, or to delete something that is gone. The
// emulator accepts all of these calls. A client meets these refusals when it repeats a call
// because the first answer was lost.
type repeated struct{ w *world }

func (repeated) Name() string { return "done already" }

// repetition returns the error with which AWS refuses a repeated call; nil if the call isn't
// repeated.
type repetition func(repeated, *proxy.Call) *proxy.Problem

// repetitions has the checks by service and action. Each comment is the document with the error.
var repetitions = map[string]repetition{
	// https://docs.aws.amazon.com/organizations/latest/APIReference/API_AttachPolicy.html
	"organizations:AttachPolicy": repeated.attach,
	// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DetachPolicy.html
	"organizations:DetachPolicy": repeated.detach,
	// https://docs.aws.amazon.com/organizations/latest/APIReference/API_MoveAccount.html
	"organizations:MoveAccount": repeated.move,
	// https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeregisterDelegatedAdministrator.html
	"organizations:DeregisterDelegatedAdministrator": repeated.deregister,
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html
	"iam:CreateAccountAlias": repeated.createAlias,
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccountAlias.html
	"iam:DeleteAccountAlias": repeated.deleteAlias,
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteOpenIDConnectProvider.html
	"iam:DeleteOpenIDConnectProvider": repeated.deleteIdentityProvider,
	// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
	"cloudtrail:CreateTrail": repeated.createTrail,
	// https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html
	"cloudtrail:DeleteTrail": repeated.deleteTrail,
	// https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
	"kms:ScheduleKeyDeletion": repeated.deleteKey,
	// https://docs.aws.amazon.com/kms/latest/APIReference/API_DeleteAlias.html
	"kms:DeleteAlias": repeated.deleteKeyAlias,
	// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
	"route53:ChangeResourceRecordSets": repeated.changeRecords,
	// https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteReusableDelegationSet.html
	"route53:DeleteReusableDelegationSet": repeated.deleteSet,
}

func (r repeated) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	if check := repetitions[c.String()]; check != nil {
		if p := check(r, c); p != nil {
			return r.w.Refuse(c, *p)
		}
	}
	return next(c)
}

// attached reports whether a policy is attached to a target. An error means that the emulator has
// no such policy.
func (r repeated) attached(ctx context.Context, account, policy, target string) (bool, error) {
	var there struct{ Targets []struct{ TargetID string } }
	in := map[string]string{"PolicyId": policy}
	if err := r.w.AskJSON(ctx, account, "organizations", proxy.OrganizationsTarget+"ListTargetsForPolicy", in, &there); err != nil {
		return false, err
	}
	return slices.ContainsFunc(there.Targets, func(t struct{ TargetID string }) bool { return t.TargetID == target }), nil
}

func (r repeated) attach(c *proxy.Call) *proxy.Problem {
	var in struct{ PolicyID, TargetID string }
	if json.Unmarshal(c.Body, &in) != nil {
		return nil // The emulator says what is wrong with the call. So it is in all other checks.
	}
	if there, err := r.attached(c.Context(), c.Caller.Account, in.PolicyID, in.TargetID); err != nil || !there {
		return nil
	}
	return &proxy.Problem{Status: http.StatusBadRequest, Code: "DuplicatePolicyAttachmentException", Message: "The selected policy is already attached to the specified target."}
}

func (r repeated) detach(c *proxy.Call) *proxy.Problem {
	var in struct{ PolicyID, TargetID string }
	if json.Unmarshal(c.Body, &in) != nil {
		return nil
	}
	if there, err := r.attached(c.Context(), c.Caller.Account, in.PolicyID, in.TargetID); err != nil || there {
		return nil
	}
	return &proxy.Problem{Status: http.StatusBadRequest, Code: "PolicyNotAttachedException", Message: "The policy isn't attached to the specified target in the specified root."}
}

func (r repeated) move(c *proxy.Call) *proxy.Problem {
	var in struct{ AccountID, SourceParentID, DestinationParentID string }
	var there struct{ Parents []struct{ ID string } }
	if json.Unmarshal(c.Body, &in) != nil {
		return nil
	}
	child := map[string]string{"ChildId": in.AccountID}
	if r.w.AskJSON(c.Context(), c.Caller.Account, "organizations", proxy.OrganizationsTarget+"ListParents", child, &there) != nil || len(there.Parents) == 0 {
		return nil
	}
	switch there.Parents[0].ID {
	case in.DestinationParentID:
		return &proxy.Problem{Status: http.StatusBadRequest, Code: "DuplicateAccountException", Message: "That account is already present in the specified destination."}
	case in.SourceParentID:
		return nil
	}
	return &proxy.Problem{Status: http.StatusBadRequest, Code: "SourceParentNotFoundException", Message: "We can't find a source root or OU with the ParentId that you specified."}
}

func (r repeated) deregister(c *proxy.Call) *proxy.Problem {
	var in struct{ AccountID, ServicePrincipal string }
	var there struct {
		DelegatedServices []struct{ ServicePrincipal string }
	}
	if json.Unmarshal(c.Body, &in) != nil {
		return nil
	}
	account := map[string]string{"AccountId": in.AccountID}
	if r.w.AskJSON(c.Context(), c.Caller.Account, "organizations", proxy.OrganizationsTarget+"ListDelegatedServicesForAccount", account, &there) != nil {
		return nil // The emulator itself refuses an account that administers no service at all.
	}
	for _, s := range there.DelegatedServices {
		if s.ServicePrincipal == in.ServicePrincipal {
			return nil
		}
	}
	return &proxy.Problem{Status: http.StatusBadRequest, Code: "AccountNotRegisteredException", Message: "The specified account is not a delegated administrator for this AWS service."}
}

// hasAlias reports whether the caller's account has the alias that a call names.
func (r repeated) hasAlias(c *proxy.Call) bool {
	var there struct {
		Aliases []string `xml:"ListAccountAliasesResult>AccountAliases>member"`
	}
	form := url.Values{"Action": {"ListAccountAliases"}, "Version": {"2010-05-08"}}
	return r.w.AskQuery(c.Context(), c.Caller.Account, "iam", form, &there) == nil && slices.Contains(there.Aliases, c.Form.Get("AccountAlias"))
}

func (r repeated) createAlias(c *proxy.Call) *proxy.Problem {
	if !r.hasAlias(c) {
		return nil
	}
	return &proxy.Problem{Status: http.StatusConflict, Code: "EntityAlreadyExists", Message: fmt.Sprintf("The account alias %s already exists.", c.Form.Get("AccountAlias"))}
}

func (r repeated) deleteAlias(c *proxy.Call) *proxy.Problem {
	if r.hasAlias(c) {
		return nil
	}
	return &proxy.Problem{Status: http.StatusNotFound, Code: "NoSuchEntity", Message: fmt.Sprintf("The account alias with name %s cannot be found.", c.Form.Get("AccountAlias"))}
}

func (r repeated) deleteIdentityProvider(c *proxy.Call) *proxy.Problem {
	arn := c.Form.Get("OpenIDConnectProviderArn")
	form := url.Values{"Action": {"GetOpenIDConnectProvider"}, "Version": {"2010-05-08"}, "OpenIDConnectProviderArn": {arn}}
	var there struct{}
	if r.w.AskQuery(c.Context(), c.Caller.Account, "iam", form, &there) == nil {
		return nil
	}
	return &proxy.Problem{Status: http.StatusNotFound, Code: "NoSuchEntity", Message: "OpenIDConnect Provider not found for arn " + arn}
}

// ask makes another call to the service of c, which has a JSON protocol, with the same caller and
// region. It reports whether the call succeeded, and unmarshals the answer into out.
func (r repeated) ask(c *proxy.Call, target string, in, out any) bool {
	body, err := json.Marshal(in)
	if err != nil {
		return false
	}
	other := *c
	other.Body, other.Header = body, c.Header.Clone()
	other.Header.Set("X-Amz-Target", target)
	a := r.w.Send(context.WithoutCancel(c.Context()), &other)
	return a.OK() && json.Unmarshal(a.Body, out) == nil
}

// trail returns the name of the trail that a call is about, and reports whether the region has a
// trail of this name. The call names the trail by name or ARN.
func (r repeated) trail(c *proxy.Call) (name string, there bool) {
	var in struct{ Name string }
	var found struct {
		Trails []struct{ Name string } `json:"trailList"`
	}
	if json.Unmarshal(c.Body, &in) != nil {
		return "", false
	}
	name = in.Name[strings.LastIndexByte(in.Name, '/')+1:]
	if !r.ask(c, cloudTrailTarget+"DescribeTrails", struct{}{}, &found) {
		return name, false
	}
	return name, slices.ContainsFunc(found.Trails, func(t struct{ Name string }) bool { return t.Name == name })
}

func (r repeated) createTrail(c *proxy.Call) *proxy.Problem {
	name, there := r.trail(c)
	if !there {
		return nil
	}
	return &proxy.Problem{Status: http.StatusBadRequest, Code: "TrailAlreadyExistsException", Message: fmt.Sprintf("Trail %s already exists for customer: %s", name, c.Caller.Account)}
}

func (r repeated) deleteTrail(c *proxy.Call) *proxy.Problem {
	name, there := r.trail(c)
	if there || name == "" {
		return nil
	}
	return &proxy.Problem{Status: http.StatusBadRequest, Code: "TrailNotFoundException", Message: fmt.Sprintf("Unknown trail: %s for the user: %s", name, c.Caller.Account)}
}

func (r repeated) deleteKey(c *proxy.Call) *proxy.Problem {
	var in struct{ KeyID string }
	var key struct {
		KeyMetadata struct{ Arn, KeyState string }
	}
	if json.Unmarshal(c.Body, &in) != nil || !r.ask(c, kmsTarget+"DescribeKey", map[string]string{"KeyId": in.KeyID}, &key) {
		return nil
	}
	if key.KeyMetadata.KeyState != "PendingDeletion" {
		return nil
	}
	return &proxy.Problem{Status: http.StatusBadRequest, Code: "KMSInvalidStateException", Message: key.KeyMetadata.Arn + " is pending deletion."}
}

func (r repeated) deleteKeyAlias(c *proxy.Call) *proxy.Problem {
	var in struct{ AliasName string }
	var key struct{}
	if json.Unmarshal(c.Body, &in) != nil || r.ask(c, kmsTarget+"DescribeKey", map[string]string{"KeyId": in.AliasName}, &key) {
		return nil
	}
	return &proxy.Problem{Status: http.StatusBadRequest, Code: "NotFoundException", Message: fmt.Sprintf("Alias %s is not found.", in.AliasName)}
}

// read makes a GET request to Route 53 as the caller of c.
func (r repeated) read(c *proxy.Call, path string, query url.Values) *proxy.Answer {
	other := *c
	other.Method, other.Body = http.MethodGet, nil
	other.URL = &url.URL{Path: path, RawQuery: query.Encode()}
	return r.w.Send(context.WithoutCancel(c.Context()), &other)
}

// changeRecords refuses to delete a record set that doesn't exist, and to create one that exists.
// The emulator accepts a second record set with the same name and type, unless the whole change
// is the same. Record sets with an identifier, for routing policies, aren't checked.
func (r repeated) changeRecords(c *proxy.Call) *proxy.Problem {
	for _, change := range changesOf(c) {
		set, does, why := change.Set, "delete", "was not found"
		if change.Action == "CREATE" {
			does, why = "create", "already exists"
		}
		if set.SetIdentifier != "" || change.Action == "UPSERT" {
			continue
		}
		if there, known := r.hasRecord(c, set.Name, set.Type); !known || there == (change.Action == "DELETE") {
			continue
		}
		return &proxy.Problem{Status: http.StatusBadRequest, Code: "InvalidChangeBatch", Message: fmt.Sprintf("[Tried to %s resource record set [name='%s', type='%s'] but it %s]", does, set.Name, set.Type, why)}
	}
	return nil
}

// recordChange is a change of a record set.
type recordChange struct {
	Action string                                     // CREATE, UPSERT or DELETE
	Set    struct{ Name, Type, SetIdentifier string } `xml:"ResourceRecordSet"`
}

// changesOf returns the changes of route53:ChangeResourceRecordSets; none of a body that can't be read.
func changesOf(c *proxy.Call) []recordChange {
	var in struct {
		Changes []recordChange `xml:"ChangeBatch>Changes>Change"`
	}
	_ = xml.Unmarshal(c.Body, &in) // The emulator refuses what can't be read.
	return in.Changes
}

// hasRecord reports whether the zone of c has a record set. Known is false if the emulator has no
// such zone; the emulator then refuses the call itself.
func (r repeated) hasRecord(c *proxy.Call, name, kind string) (there, known bool) {
	var page struct {
		Sets []struct{ Name, Type string } `xml:"ResourceRecordSets>ResourceRecordSet"`
	}
	a := r.read(c, c.URL.Path, url.Values{"name": {name}, "type": {kind}, "maxitems": {"1"}})
	if !a.OK() || xml.Unmarshal(a.Body, &page) != nil {
		return false, false
	}
	plain := func(name string) string {
		return strings.ToLower(strings.TrimSuffix(strings.ReplaceAll(name, `\052`, "*"), "."))
	}
	return len(page.Sets) > 0 && plain(page.Sets[0].Name) == plain(name) && page.Sets[0].Type == kind, true
}

func (r repeated) deleteSet(c *proxy.Call) *proxy.Problem {
	if a := r.read(c, c.URL.Path, nil); a.Status != http.StatusNotFound && a.Status != http.StatusBadRequest {
		return nil
	}
	return &proxy.Problem{Status: http.StatusBadRequest, Code: "NoSuchDelegationSet", Message: "A reusable delegation set with the specified ID does not exist."}
}

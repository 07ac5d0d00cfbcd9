package contract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

const (
	// identityCenterService is how the requests of IAM Identity Center's administration are signed. SDKs call it sso-admin.
	identityCenterService = "sso"
	// identityCenterPrincipal is the service principal of IAM Identity Center.
	// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-sso.html
	identityCenterPrincipal = identityCenterService + ".amazonaws.com"
)

// center is the organization's instance of IAM Identity Center.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/identity-center-instances.html
type center struct {
	region  string
	id      string // such as ssoins-0123456789abcdef
	store   string // the id of the identity store, such as d-0123456789
	created time.Time
	tags    map[string]string

	sets        []*permissionSet
	roles       map[provision]*reservedRole
	assignments []assignment
	operations  []*centerWork
	// attributes are the attributes for access control; nil if there are none.
	attributes any

	directory directory
}

func (of *center) arn() string { return "arn:aws:sso:::instance/" + of.id }

// centerProblem is an error of IAM Identity Center's. All have the same status.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateAccountAssignment.html#API_CreateAccountAssignment_Errors
func centerProblem(code, format string, args ...any) *proxy.Problem {
	return &proxy.Problem{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

// https://docs.aws.amazon.com/singlesignon/latest/userguide/enable-identity-center.html
// https://docs.aws.amazon.com/singlesignon/latest/userguide/get-started-prereqs-considerations.html
func (k *keeper) EnableIdentityCenter(ctx context.Context, region string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.center != nil {
		return fmt.Errorf("enabling IAM Identity Center: the organization has an instance in %s already", k.center.region)
	}
	var out struct{ Organization struct{ FeatureSet string } }
	if err := k.w.Organizations(ctx, "DescribeOrganization", struct{}{}, &out); err != nil {
		return fmt.Errorf("enabling IAM Identity Center: there is no organization: %w", err)
	}
	if out.Organization.FeatureSet != "ALL" {
		return errors.New("enabling IAM Identity Center: the organization doesn't have all features")
	}
	if err := k.w.Organizations(ctx, "EnableAWSServiceAccess", map[string]string{"ServicePrincipal": identityCenterPrincipal}, &struct{}{}); err != nil {
		return fmt.Errorf("enabling IAM Identity Center: turning on trusted access: %w", err)
	}
	k.center = &center{
		region: region, id: "ssoins-" + k.hex(16), store: "d-" + k.hex(10), created: k.w.Now(),
		tags: map[string]string{}, roles: map[provision]*reservedRole{},
	}
	return nil
}

// hex returns so many random hexadecimal digits.
func (k *keeper) hex(digits int) string {
	return strings.ReplaceAll(k.w.RequestID(), "-", "")[:digits]
}

// administersCenter reports whether the caller is the management account or the delegated administrator. For some seconds
// after the delegation IAM Identity Center doesn't know the administrator everywhere.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html
func (r *request) administersCenter() bool {
	if r.account == r.w.Management {
		return true
	}
	return r.w.Administers(r.c.Context(), r.account, identityCenterPrincipal) && !r.spreads(r.w.DelegatedSince(r.account, identityCenterPrincipal))
}

// instance returns the instance that a request names, for whoever administers it.
func (r *request) instance() (*center, *proxy.Problem) {
	switch arn := r.text("InstanceArn"); {
	case !r.administersCenter():
		return nil, centerProblem("AccessDeniedException", "Account %s neither owns the instance of IAM Identity Center nor administers it.", r.account)
	case r.center == nil || r.center.region != r.region || arn != r.center.arn():
		return nil, centerProblem("ResourceNotFoundException", "Instance %s not found in %s.", arn, r.region)
	}
	return r.center, nil
}

// createInstance refuses what the management account can't do by an API. An instance of a member account's own isn't kept.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateInstance.html
func (r *request) createInstance() (any, *proxy.Problem) {
	if r.account == r.w.Management {
		return nil, centerProblem("ValidationException", "The CreateInstance request is rejected: the instance is created within the organization management account.")
	}
	return nil, &proxy.Problem{Status: http.StatusNotImplemented, Code: "NotImplemented", Message: "a rehearsal keeps no account instances of IAM Identity Center"}
}

// described describes the instance.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_InstanceMetadata.html
func (r *request) described(of *center) map[string]any {
	return map[string]any{
		"InstanceArn": of.arn(), "IdentityStoreId": of.store, "OwnerAccountId": r.w.Management, "CreatedDate": of.created.Unix(), "Status": "ACTIVE",
	}
}

// listInstances lists the instance to those who administer it, in its region.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ListInstances.html
func (r *request) listInstances() (any, *proxy.Problem) {
	all := []map[string]any{}
	if of := r.center; of != nil && of.region == r.region && r.administersCenter() {
		all = append(all, r.described(of))
	}
	return paged(r, "Instances", all)
}

func (r *request) describeInstance() (any, *proxy.Problem) {
	of, problem := r.instance()
	if problem != nil {
		return nil, problem
	}
	return r.described(of), nil
}

// pageSize is the number of entries of a page, unless the request has MaxResults. AWS publishes no number for IAM Identity
// Center. People report 10.
// https://github.com/aws-samples/aws-identitycenter-codepipeline-auto-assignment/issues/42
const pageSize = 10

// paged answers a request for a list with one page.
func paged[T any](r *request, name string, all []T) (any, *proxy.Problem) {
	var in struct {
		MaxResults int
		NextToken  string
	}
	r.read(&in)
	if in.MaxResults == 0 {
		in.MaxResults = pageSize
	}
	first := 0
	if in.NextToken != "" {
		var err error
		if first, err = strconv.Atoi(in.NextToken); err != nil || first < 0 {
			return nil, centerProblem("ValidationException", "The provided pagination token is not valid.")
		}
	}
	first = min(first, len(all))
	page := all[first:min(first+in.MaxResults, len(all))]
	out := map[string]any{name: page}
	if first+len(page) < len(all) {
		out["NextToken"] = strconv.Itoa(first + len(page))
	}
	return out, nil
}

// accessAttributes are attributes for access control, as requests have them.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_InstanceAccessControlAttributeConfiguration.html
type accessAttributes struct {
	InstanceAccessControlAttributeConfiguration struct {
		AccessControlAttributes []struct{ Key string }
	}
}

// putAttributes sets the attributes for access control, if there are some already or not.
func putAttributes(there bool) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		of, problem := r.instance()
		if problem != nil {
			return nil, problem
		}
		var in accessAttributes
		r.read(&in)
		keys := map[string]bool{}
		for _, a := range in.InstanceAccessControlAttributeConfiguration.AccessControlAttributes {
			if keys[a.Key] {
				return nil, centerProblem("ValidationException", "The attribute %s is there twice.", a.Key)
			}
			keys[a.Key] = true
		}
		switch has := of.attributes != nil; {
		case has && !there:
			return nil, centerProblem("ConflictException", "The instance has attributes for access control already.")
		case !has && there:
			return nil, noAttributes()
		}
		of.attributes = r.members["InstanceAccessControlAttributeConfiguration"]
		return struct{}{}, nil
	}
}

func noAttributes() *proxy.Problem {
	return centerProblem("ResourceNotFoundException", "The instance has no attributes for access control.")
}

// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_DescribeInstanceAccessControlAttributeConfiguration.html
func (r *request) describeAttributes() (any, *proxy.Problem) {
	of, problem := r.instance()
	switch {
	case problem != nil:
		return nil, problem
	case of.attributes == nil:
		return nil, noAttributes()
	}
	return map[string]any{"Status": "ENABLED", "InstanceAccessControlAttributeConfiguration": of.attributes}, nil
}

func (r *request) deleteAttributes() (any, *proxy.Problem) {
	of, problem := r.instance()
	switch {
	case problem != nil:
		return nil, problem
	case of.attributes == nil:
		return nil, noAttributes()
	}
	of.attributes = nil
	return struct{}{}, nil
}

// centerTags returns the tags of the instance or of a permission set.
func (r *request) centerTags() (map[string]string, *proxy.Problem) {
	of, problem := r.instance()
	if problem != nil {
		return nil, problem
	}
	arn := r.text("ResourceArn")
	if arn == of.arn() {
		return of.tags, nil
	}
	set, problem := of.set(arn)
	if problem != nil {
		return nil, problem
	}
	return set.tags, nil
}

// tagList are tags as IAM Identity Center's requests have them.
type tagList []struct{ Key, Value string }

func (tags tagList) put(into map[string]string) {
	for _, t := range tags {
		into[t.Key] = t.Value
	}
}

// tagCenter tags the instance or a permission set.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_TagResource.html
func (r *request) tagCenter() (any, *proxy.Problem) {
	tags, problem := r.centerTags()
	if problem != nil {
		return nil, problem
	}
	var in struct{ Tags tagList }
	r.read(&in)
	in.Tags.put(tags)
	return struct{}{}, nil
}

func (r *request) listCenterTags() (any, *proxy.Problem) {
	tags, problem := r.centerTags()
	if problem != nil {
		return nil, problem
	}
	all := []map[string]string{}
	for _, key := range sortedKeys(tags) {
		all = append(all, map[string]string{"Key": key, "Value": tags[key]})
	}
	return paged(r, "Tags", all)
}

// assigning is how long IAM Identity Center takes for an operation.
func assigning() time.Duration { return awslimits.Published().Assigning.Takes }

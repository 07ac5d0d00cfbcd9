// Package elsewhere detects that coldstart has created resources in AWS, and that the backend in
// use doesn't have their state. This happens on a second computer, after the state's folder was
// lost, or with another PULUMI_BACKEND_URL. Without the state, Pulumi would create everything a
// second time.
//
//	err := elsewhere.Check(ctx, elsewhere.Query{Organization: org, Stack: "master"})
//	var made *elsewhere.Error
//	if errors.As(err, &made) { … }
//
// Check reads AWS, and changes nothing. The caller finds out whether the backend has a state of the
// stack.
package elsewhere

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/backend"
	"github.com/coldstart-aws/coldstart/internal/wellknown"
	"github.com/coldstart-aws/coldstart/organization"
)

// projectName is the name of coldstart's Pulumi project.
const projectName = "coldstart"

// Query says which stack to look for, and with which credentials.
type Query struct {
	Organization *organization.Organization
	// Env is added to the process's environment, which has the management account's credentials.
	Env map[string]string
	// Dir is the project's folder; empty for the current one.
	Dir string
	// Stack is the stack that has no state.
	Stack string
	// Role is the ARN of the access role in the stack's account; empty for the management account's
	// stack.
	Role string
}

// Error says that AWS has resources of a stack, and that the backend in use has no state of the
// stack.
type Error struct {
	Stack string
	// AccountID is the id of the stack's account.
	AccountID string
	// Traces are the stack's resources in AWS, such as "hosted zone acme.example (Z0123456789)".
	Traces []string
	// Namespace is the organization's namespace, which the traces' tags have.
	Namespace string
	// Accounts are the declared accounts that the organization has, such as "app (123456789012)";
	// empty for a member's stack.
	Accounts []string
	// Backend is the URL of the backend that has the state; empty if it isn't known.
	Backend string
	// Bucket is the management account's state bucket; empty if there is none.
	Bucket string
}

// Error says what AWS has and what to do.
func (e *Error) Error() string { return e.Found() + "\n" + e.Remedy() }

// Found says what AWS has.
func (e *Error) Found() string {
	found := fmt.Sprintf("stack %s has no resources in this backend, and account %s has the %s, with the tags ManagedBy=coldstart, Namespace=%s, Account=%[1]s: coldstart made this with a state that isn't here",
		e.Stack, e.AccountID, strings.Join(e.Traces, " and the "), e.Namespace)
	if len(e.Accounts) > 0 {
		found += "; the organization has the declared accounts " + strings.Join(e.Accounts, ", ")
	}
	return found + ". Nothing was created: without that state coldstart would create everything a second time."
}

// Remedy says how to get the state back.
func (e *Error) Remedy() string {
	if e.Backend != "" {
		return fmt.Sprintf("The state is in the bucket %s. Run `export PULUMI_BACKEND_URL='%s'`, and run again. "+
			"Take the files Pulumi.*.yaml from the repository too: they say how secrets are encrypted.", e.Bucket, e.Backend)
	}
	remedy := "Find the backend that has the state: `pulumi whoami --verbose` on the computer on which coldstart ran shows its URL. " +
		"Run `export PULUMI_BACKEND_URL='…'` with that URL, and run again. "
	if e.Stack != organization.Master {
		remedy = ""
	}
	again := "coldstart state recover"
	if e.Stack != organization.Master {
		again += " " + e.Stack
	}
	again = fmt.Sprintf("If there is no such version, run `%s`, which rebuilds the state from what AWS has and changes nothing there.", again)
	remedy += fmt.Sprintf("If the state is lost, put .pulumi/stacks/%s/%s.json back from a backup of the backend", projectName, e.Stack)
	if e.Bucket == "" {
		return remedy + ". " + strings.Replace(again, "version", "backup", 1)
	}
	return remedy + fmt.Sprintf(", or, in a bucket, from an older version of the object: "+
		"`aws s3api list-object-versions --bucket %s --prefix .pulumi/stacks/%s/%s.json`. ", e.Bucket, projectName, e.Stack) + again
}

// Check returns an *Error if the stack's account has a resource that only a stack with a state can
// have created. A zone with coldstart's tags is one, because its delegation set was recorded in the
// state before it. The account's facts are another, because their bucket was recorded before them.
// A destroy deletes both. Accounts, keys and buckets prove nothing, because a destroy keeps them.
// docs/adr/0030-a-state-that-is-elsewhere.md
func Check(ctx context.Context, q Query) error {
	base, err := awsconfig.Load(ctx, q.Env, q.Organization.Region)
	if err != nil {
		return err
	}
	cfg := base
	if q.Role != "" {
		cfg = awsconfig.Assume(base, q.Role, "coldstart")
	}
	self, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return q.unknown(err)
	}
	e := &Error{Stack: q.Stack, AccountID: aws.ToString(self.Account), Namespace: q.Organization.Namespace}
	if e.Traces, err = q.traces(ctx, cfg, e.AccountID); err != nil {
		return q.unknown(err)
	}
	if len(e.Traces) == 0 {
		return nil
	}
	if q.Stack == organization.Master {
		if e.Accounts, err = q.accounts(ctx, base); err != nil {
			return errors.Join(e, fmt.Errorf("listing the organization's accounts: %w", err))
		}
	}
	if err := q.locate(ctx, base, e); err != nil {
		return errors.Join(e, fmt.Errorf("looking for the state in the management account's bucket: %w", err))
	}
	return e
}

func (q Query) unknown(err error) error {
	return fmt.Errorf("looking whether stack %s has run with a state that isn't here: %w", q.Stack, err)
}

// traces returns the resources that the stack has created.
func (q Query) traces(ctx context.Context, cfg aws.Config, accountID string) ([]string, error) {
	domains := []string{q.Organization.ZoneName(q.Stack)}
	if q.Stack == organization.Master {
		domains = append(domains, q.Organization.Domain)
	}
	var traces []string
	for _, domain := range domains {
		found, err := q.zone(ctx, route53.NewFromConfig(cfg), domain)
		if err != nil {
			return nil, err
		}
		traces = append(traces, found...)
	}
	facts, err := q.facts(ctx, cfg, accountID)
	return append(traces, facts...), err
}

// zone returns the public zones that have the name and the stack's tags.
func (q Query) zone(ctx context.Context, client *route53.Client, domain string) (traces []string, err error) {
	out, err := client.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: &domain})
	if err != nil {
		return nil, err
	}
	for _, z := range out.HostedZones {
		if strings.TrimSuffix(aws.ToString(z.Name), ".") != domain || z.Config != nil && z.Config.PrivateZone {
			continue
		}
		id := strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/")
		tagged, err := client.ListTagsForResource(ctx, &route53.ListTagsForResourceInput{ResourceId: &id, ResourceType: types.TagResourceTypeHostedzone})
		if err != nil {
			return nil, err
		}
		tags := map[string]string{}
		for _, t := range tagged.ResourceTagSet.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		if !q.made(tags) {
			continue
		}
		traces = append(traces, fmt.Sprintf("hosted zone %s (%s)", domain, id))
	}
	return traces, nil
}

// made reports whether the tags are those that coldstart gives to the stack's resources.
func (q Query) made(tags map[string]string) bool {
	for key, value := range organization.OwnTags(q.Organization.Namespace, q.Stack) {
		if tags[key] != value {
			return false
		}
	}
	return true
}

// facts returns the object with the account's facts in its state bucket.
func (q Query) facts(ctx context.Context, cfg aws.Config, accountID string) ([]string, error) {
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil })
	bucket, key := q.bucket(q.Stack, accountID), wellknown.FactsKey(q.Stack)
	out, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &key, ExpectedBucketOwner: &accountID, MaxKeys: aws.Int32(1)})
	if awserror.Absent(err) {
		return nil, nil
	}
	if err != nil || len(out.Contents) == 0 || aws.ToString(out.Contents[0].Key) != key {
		return nil, err
	}
	tagged, err := client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &bucket, Key: &key, ExpectedBucketOwner: &accountID})
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	for _, t := range tagged.TagSet {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	if !q.made(tags) {
		return nil, nil
	}
	return []string{fmt.Sprintf("object %s in the bucket %s", key, bucket)}, nil
}

func (q Query) bucket(account, accountID string) string {
	return q.Organization.Name(account, "state") + "-" + accountID
}

// accounts returns the declared accounts that the organization has.
func (q Query) accounts(ctx context.Context, cfg aws.Config) ([]string, error) {
	listed, err := accountstate.List(ctx, cfg)
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for id, account := range listed {
		ids[strings.ToLower(account.Email)] = id
	}
	var found []string
	for _, name := range q.Organization.AccountNames() {
		if id := ids[strings.ToLower(q.Organization.AccountEmail(name))]; id != "" {
			found = append(found, fmt.Sprintf("%s (%s)", name, id))
		}
	}
	return found, nil
}

// locate sets the error's Backend, if the management account's state bucket has the state.
func (q Query) locate(ctx context.Context, base aws.Config, e *Error) error {
	self, err := sts.NewFromConfig(base).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return err
	}
	bucket := q.bucket(organization.Master, aws.ToString(self.Account))
	url := wellknown.BackendURL(bucket, q.Organization.Region)
	if endpoint := awsconfig.Endpoint(q.Env); endpoint != "" {
		url += "&s3ForcePathStyle=true&endpoint=" + endpoint // An emulator has no host name for each bucket.
	}
	b, err := backend.Open(ctx, q.Dir, q.Env, url)
	if err != nil {
		return err
	}
	defer func() { _ = b.Close() }() // The backend is only read.
	stacks, err := b.Stacks(ctx, projectName)
	switch {
	case backend.Missing(err):
		return nil
	case err != nil:
		return err
	}
	e.Bucket = bucket
	if !slices.Contains(stacks, q.Stack) {
		return nil
	}
	deployment, err := b.Deployment(ctx, projectName, q.Stack)
	if err == nil && HasResources(deployment) {
		e.Backend = url
	}
	return err
}

// HasResources reports whether a state has an AWS resource, or a pending creation of a run that was
// killed. A run that was refused leaves only the stack and its provider.
func HasResources(d *apitype.DeploymentV3) bool {
	if len(d.PendingOperations) > 0 {
		return true
	}
	for _, r := range d.Resources {
		if r.Custom && strings.HasPrefix(string(r.Type), "aws:") {
			return true
		}
	}
	return false
}

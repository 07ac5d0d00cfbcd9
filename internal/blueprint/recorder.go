package blueprint

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/inventory"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/stackref"
)

// recorder answers what a program asks of the engine and of AWS, and notes what it registers. The SDK
// calls what does this a mock.
type recorder struct {
	// accounts are the accounts' ids by their names.
	accounts map[string]string
	live     *stackref.Live

	mu        sync.Mutex
	resources []inventory.Resource
	// providers are where the stack's providers work, by their logical names.
	providers map[string]place
}

// place is an account and a region in which a provider works.
type place struct{ account, region string }

// NewResource notes a resource, and returns what AWS would make of it.
func (r *recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	outputs := args.Inputs.Copy()
	inputs := args.Inputs.Mappable()
	if args.TypeToken == awstype.Provider {
		r.note(args.Name, inputs)
	}
	if !strings.HasPrefix(args.TypeToken, "aws:") {
		return args.Name, outputs, nil
	}
	at := r.at(args.Provider)
	made := inventory.Resource{Type: args.TypeToken, Name: args.Name, Account: at.account, Region: at.region, Inputs: inputs}
	made.ID, made.ARN = names(made, r.accounts)
	if args.ID != "" {
		made.ID = args.ID
	}
	for name, value := range added(made) {
		outputs[resource.PropertyKey(name)] = resource.NewPropertyValue(value)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.resources = append(r.resources, made)
	return made.ID, outputs, nil
}

// note notes where a provider works: in the only account that it may work in, or in the management account.
func (r *recorder) note(name string, inputs map[string]any) {
	provider := inventory.Resource{Inputs: inputs}
	at := place{account: managementID, region: provider.Text("region")}
	if allowed := provider.Texts("allowedAccountIds"); len(allowed) == 1 {
		at.account = allowed[0]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.providers[name] = at
}

// at returns where a provider works. A reference to a provider is <URN>::<id>.
func (r *recorder) at(reference string) place {
	urn := resource.URN(reference[:max(strings.LastIndex(reference, "::"), 0)])
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.providers[urn.Name()]
}

// Call answers an invoke as in an account that is new and empty.
func (r *recorder) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	none := func(text string) (resource.PropertyMap, error) { return nil, errors.New(text) }
	switch args.Token {
	case "pulumi:pulumi:readStackOutputs":
		return r.outputsOf(args)
	case "aws:index/getCallerIdentity:getCallerIdentity":
		return resource.NewPropertyMapFromMap(map[string]any{"id": managementID, "accountId": managementID, "arn": "arn:aws:iam::" + managementID + ":root", "userId": managementID}), nil
	case "aws:organizations/getOrganization:getOrganization", "aws:kms/getKey:getKey":
		return none(awserror.NoOrganization)
	case "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider":
		return none("finding IAM OIDC Provider by url (" + organization.GitHubIssuer + awserror.NoIdentityProvider)
	case "aws:iam/getPolicy:getPolicy": // Somebody else makes it.
		arn := args.Args["arn"].StringValue()
		return resource.NewPropertyMapFromMap(map[string]any{"id": arn, "arn": arn}), nil
	case "aws:ssoadmin/getInstances:getInstances":
		return resource.NewPropertyMapFromMap(map[string]any{"id": "", "arns": []any{instanceARN}, "identityStoreIds": []any{"d-0000000000"}}), nil
	case "aws:identitystore/getGroup:getGroup":
		name := args.Args["alternateIdentifier"].ObjectValue()["uniqueAttribute"].ObjectValue()["attributeValue"].StringValue()
		return resource.NewPropertyMapFromMap(map[string]any{"id": name, "groupId": name}), nil
	case "aws:route53/getZone:getZone":
		return none(awserror.NoZone)
	}
	return nil, fmt.Errorf("a blueprint has no answer to %s", args.Token)
}

// outputsOf answers with what a stack has exported before.
func (r *recorder) outputsOf(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	name := args.Args["name"].StringValue()
	outputs := r.live.Outputs(name[strings.LastIndexByte(name, '/')+1:])
	if outputs == nil {
		return nil, fmt.Errorf("unknown stack %q", name)
	}
	return resource.NewPropertyMapFromMap(map[string]any{"name": name, "outputs": outputs, "secretOutputNames": []any{}}), nil
}

package automation

import (
	"context"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// named are the types whose ids are the names in their inputs.
var named = []string{
	"aws:kms/alias:Alias", "aws:iam/role:Role", "aws:iam/group:Group", "aws:iam/user:User",
	"aws:ecr/repository:Repository",
}

const (
	accountType   = "aws:organizations/account:Account"
	parameterType = "aws:ssm/parameter:Parameter"
)

// finder looks for resources in AWS by what their inputs say.
type finder struct {
	env        map[string]string
	deployment *apitype.DeploymentV3
	say        func(format string, args ...any)
}

// input returns a text among a resource's inputs.
func input(r apitype.ResourceV3, name string) string {
	v, _ := r.Inputs[name].(string)
	return v
}

// find says what became of a creation. The id is what the state is to have: it is
// empty for what isn't there, what the program finds by itself, and what is made by
// a call that may be made twice, such as attaching a policy to a role. Mended says
// that another run gets past what stopped this one.
func (f *finder) find(ctx context.Context, r lostCreation) (id string, mended bool, err error) {
	switch string(r.Type) {
	case accountType:
		mended, err = f.account(ctx, r.ResourceV3)
		return "", mended, err
	case "aws:organizations/organization:Organization", unitType:
		return "", r.exists, nil // The program finds them.
	}
	if r.exists {
		if ours, err := f.ours(ctx, r.ResourceV3); err != nil || !ours {
			return "", false, err
		}
	}
	id, err = f.id(ctx, r.ResourceV3)
	return id, r.exists, err
}

// id returns the id of what was created. Ids that follow from the inputs are returned
// unseen: the refresh that takes them over drops what AWS doesn't have.
func (f *finder) id(ctx context.Context, r apitype.ResourceV3) (string, error) {
	in := func(name string) string { return input(r, name) }
	switch module := strings.Split(string(r.Type), "/")[0]; {
	case r.Type == "aws:kms/key:Key":
		return f.key(ctx, r, in("description"))
	case slices.Contains(named, string(r.Type)):
		return in("name"), nil
	case r.Type == "aws:iam/rolePolicy:RolePolicy":
		return in("role") + ":" + in("name"), nil
	case r.Type == "aws:iam/groupPolicy:GroupPolicy":
		return in("group") + ":" + in("name"), nil
	case r.Type == "aws:iam/policy:Policy":
		return f.inIAM(ctx, r, "policy/"+in("name"))
	case r.Type == "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
		return f.inIAM(ctx, r, "oidc-provider/"+strings.TrimPrefix(in("url"), "https://"))
	case r.Type == "aws:iam/userLoginProfile:UserLoginProfile":
		return "", f.forgetPassword(ctx, r, in("user"))
	case r.Type == parameterType:
		return "", f.forgetParameter(ctx, r, in("name"))
	case r.Type == "aws:iam/accountAlias:AccountAlias":
		return in("accountAlias"), nil
	case r.Type == "aws:accessanalyzer/analyzer:Analyzer":
		return in("analyzerName"), nil
	case r.Type == "aws:organizations/policy:Policy":
		return f.policy(ctx, r, in("name"))
	case r.Type == "aws:organizations/policyAttachment:PolicyAttachment":
		return in("targetId") + ":" + in("policyId"), nil
	case r.Type == "aws:organizations/delegatedAdministrator:DelegatedAdministrator":
		return in("accountId") + "/" + in("servicePrincipal"), nil
	case r.Type == "aws:route53/delegationSet:DelegationSet":
		return f.delegationSet(ctx, r, in("referenceName"))
	case r.Type == "aws:route53/zone:Zone":
		return f.zone(ctx, r, in("name"), in("delegationSetId"))
	case r.Type == "aws:route53/record:Record":
		return strings.Join([]string{in("zoneId"), in("name"), in("type")}, "_"), nil
	case r.Type == "aws:cloudtrail/trail:Trail":
		return f.trail(ctx, r, in("name"))
	case r.Type == "aws:s3/bucketObjectv2:BucketObjectv2":
		return "", nil // Written again, it is what it was.
	case module == "aws:s3":
		return in("bucket"), nil
	default:
		return "", nil
	}
}

// taken reports whether the state has a resource with the id.
func (f *finder) taken(id string) bool {
	for _, r := range f.deployment.Resources {
		if string(r.ID) == id {
			return true
		}
	}
	return false
}

// provider returns the inputs of the resource's provider.
func (f *finder) provider(r apitype.ResourceV3) map[string]any {
	// A reference to a provider is its URN, :: and its id.
	urn := r.Provider[:max(strings.LastIndex(r.Provider, "::"), 0)]
	for _, p := range f.deployment.Resources {
		if string(p.URN) == urn {
			return p.Inputs
		}
	}
	return nil
}

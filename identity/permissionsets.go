package identity

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/organizations"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssoadmin"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/arguments"
	"github.com/coldstart-aws/coldstart/internal/pace"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// PermissionSetsType is the component's type token.
const PermissionSetsType = "coldstart:identity:PermissionSets"

// PermissionSetsArgs are the arguments of NewPermissionSets.
type PermissionSetsArgs struct {
	// InstanceARN is that of the organization's instance of IAM Identity Center.
	InstanceARN pulumi.StringInput `required:"true"`
	Sets        []PermissionSet
	// Administrator is the member that declares the permission sets; nil if the management account does.
	Administrator *Administrator
	Tags          pulumi.StringMapInput
	// Calls paces the calls; nobody waits without it.
	Calls *Calls
}

// Administrator is a member that administers IAM Identity Center.
type Administrator struct {
	AccountID pulumi.StringInput `required:"true"`
	// Management is a provider of the management account, which makes the member the administrator.
	Management pulumi.ProviderResource `required:"true"`
	// Settling is how long permission sets wait for all of Identity Center to know the administrator; 0 for an administrator that has some
	// already.
	Settling time.Duration
}

// Boundary limits what the role of a permission set can do.
type Boundary struct {
	// Name is the name of the policy that each account gets in which the permission set is assigned.
	Name       string `required:"true"`
	Statements []policy.Statement
}

// PermissionSet is what IAM Identity Center makes a role of in each account that it is assigned in.
type PermissionSet struct {
	// Name is the short name, such as admin. SetName is the name in Identity Center, of up to 32 characters.
	Name, SetName string `required:"true"`
	// ManagedPolicies are the names of AWS managed policies.
	ManagedPolicies []string
	// CustomerManagedPolicies are the paths and names of policies that each account has in which the set is assigned, such as /deployer.
	CustomerManagedPolicies []string
	// Statements are what the role may do besides.
	Statements []policy.Statement
	// Boundary is nil for none.
	Boundary *Boundary
	// Session is how long a session may last, 1 to 12 hours; 0 for one hour.
	Session time.Duration
	// RelayState is the address in the console at which people begin; empty for its first page.
	RelayState  string
	Assignments []Assignment
	// After is a component that has to be complete before the first assignment; nil for none.
	After pulumi.Resource
}

// Assignment lets a group into an account.
type Assignment struct {
	// Account and Group are names.
	Account, Group string `required:"true"`
	// AccountID is the account's id, and GroupID the group's id in the identity store.
	AccountID, GroupID pulumi.StringInput `required:"true"`
	// Provider works in the account. Only a permission set with a boundary needs it.
	Provider pulumi.ProviderResource
}

// PermissionSets are permission sets of IAM Identity Center and their assignments.
type PermissionSets struct {
	pulumi.ResourceState

	// ARNs are the permission sets' ARNs by short name.
	ARNs map[string]pulumi.StringOutput

	delegation *organizations.DelegatedAdministrator // nil if the management account assigns
	lanes      []*lane
	// complete are the resources after which the last permission sets are complete: one list for each set that comes or goes at once.
	complete [setsAtOnce][]pulumi.Resource
	sets     int
}

// setsAtOnce is how many permission sets come and go at the same time. A set goes with four calls of the AWS plugin, and none of them waits for
// its turn: beside ten assignments that end, more would be too fast for AWS.
const setsAtOnce = 4

// lane is a chain in which assignments follow one another.
type lane struct {
	last pulumi.Resource // nil at first
	// assignments is how many there are in all, and sets by how many permission sets in an account.
	assignments int
	sets        map[string]int
}

// NewPermissionSets declares permission sets and who is assigned them where. A set is complete before it is assigned for the first time,
// so that each account gets it once. At most ten assignments are under way, and those of one set in one account follow one another.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetsconcept.html
func NewPermissionSets(ctx *pulumi.Context, name string, args *PermissionSetsArgs, opts ...pulumi.ResourceOption) (*PermissionSets, error) {
	if err := arguments.Check(name, args); err != nil {
		return nil, err
	}
	p := &PermissionSets{ARNs: map[string]pulumi.StringOutput{}}
	for range pace.IdentityCenter.AtOnce {
		p.lanes = append(p.lanes, &lane{sets: map[string]int{}})
	}
	if err := ctx.RegisterComponentResource(PermissionSetsType, name, p, opts...); err != nil {
		return nil, err
	}
	if args.Administrator != nil {
		if err := p.delegate(ctx, name, args); err != nil {
			return nil, err
		}
	}
	for _, set := range args.Sets {
		if err := p.add(ctx, set, args); err != nil {
			return nil, err
		}
	}
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{"arns": pulumi.ToStringMapOutput(p.ARNs)})
}

// delegate makes the member the administrator of IAM Identity Center, which has one beside the management account.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html
func (p *PermissionSets) delegate(ctx *pulumi.Context, name string, args *PermissionSetsArgs) (err error) {
	p.delegation, err = organizations.NewDelegatedAdministrator(ctx, name, &organizations.DelegatedAdministratorArgs{
		AccountId:        args.Administrator.AccountID,
		ServicePrincipal: pulumi.String(organization.IdentityCenterService),
	}, pulumi.Parent(p), pulumi.Provider(args.Administrator.Management), pulumi.DeleteBeforeReplace(true))
	return err
}

// settled returns a text as an output that is resolved when the administrator is known.
func (p *PermissionSets) settled(ctx *pulumi.Context, text string, settling time.Duration) pulumi.StringOutput {
	if settling == 0 || ctx.DryRun() {
		return pulumi.String(text).ToStringOutput()
	}
	return p.delegation.ID().ApplyTWithContext(ctx.Context(), func(ctx context.Context, _ pulumi.ID) (string, error) {
		return text, pace.Pace(1).Sleep(ctx, settling)
	}).(pulumi.StringOutput)
}

func (p *PermissionSets) add(ctx *pulumi.Context, set PermissionSet, args *PermissionSetsArgs) error {
	complete := &p.complete[p.sets%setsAtOnce]
	p.sets++
	setName, before := pulumi.String(set.SetName).ToStringOutput(), slices.Clone(*complete)
	if p.delegation != nil {
		setName, before = p.settled(ctx, set.SetName, args.Administrator.Settling), append(before, p.delegation)
	}
	created, err := ssoadmin.NewPermissionSet(ctx, set.Name, &ssoadmin.PermissionSetArgs{
		InstanceArn:     args.InstanceARN,
		Name:            setName,
		Description:     pulumi.String("For people: " + set.Name),
		SessionDuration: pulumi.String(organization.ISODuration(max(set.Session, time.Hour))),
		RelayState:      optional(set.RelayState),
		Tags:            args.Tags,
	}, pulumi.Parent(p), pulumi.DependsOn(before), args.Calls.InTurn())
	if err != nil {
		return err
	}
	p.ARNs[set.Name] = created.Arn
	boundaries, err := p.addBoundaries(ctx, set, args.Tags)
	if err != nil {
		return err
	}
	after, err := p.addPolicies(ctx, set, args, created, boundaries)
	if err != nil {
		return err
	}
	*complete = after
	if set.After != nil {
		after = append(slices.Clone(after), set.After)
	}
	return p.assign(ctx, set, args, created, after, boundaries)
}

// optional returns a text that AWS doesn't get if it is empty.
func optional(text string) pulumi.StringPtrInput {
	if text == "" {
		return nil
	}
	return pulumi.String(text)
}

// addPolicies gives a permission set its policies, one after another, since AWS takes one change of a permission set at a time. Boundaries
// are the policies of its boundary. It returns what an assignment comes after.
func (p *PermissionSets) addPolicies(ctx *pulumi.Context, set PermissionSet, args *PermissionSetsArgs, created *ssoadmin.PermissionSet,
	boundaries map[string]pulumi.Resource,
) ([]pulumi.Resource, error) {
	last := []pulumi.Resource{created}
	instance, arn, inTurn := args.InstanceARN, created.Arn, args.Calls.InTurn()
	for _, managed := range set.ManagedPolicies {
		attachment, err := ssoadmin.NewManagedPolicyAttachment(ctx, set.Name+"-"+strings.ReplaceAll(managed, "/", "-"), &ssoadmin.ManagedPolicyAttachmentArgs{
			InstanceArn: instance, PermissionSetArn: arn, ManagedPolicyArn: pulumi.String(managedPolicies + managed),
		}, pulumi.Parent(p), pulumi.DependsOn(last), inTurn)
		if err != nil {
			return nil, err
		}
		last = []pulumi.Resource{attachment}
	}
	for _, own := range set.CustomerManagedPolicies {
		path, name := organization.SplitPolicy(own)
		attachment, err := ssoadmin.NewCustomerManagedPolicyAttachment(ctx, set.Name+"-"+strings.ReplaceAll(own, "/", "-"), &ssoadmin.CustomerManagedPolicyAttachmentArgs{
			InstanceArn: instance, PermissionSetArn: arn,
			CustomerManagedPolicyReference: ssoadmin.CustomerManagedPolicyAttachmentCustomerManagedPolicyReferenceArgs{Name: pulumi.String(name), Path: pulumi.String(path)},
		}, pulumi.Parent(p), pulumi.DependsOn(last), inTurn)
		if err != nil {
			return nil, err
		}
		last = []pulumi.Resource{attachment}
	}
	if len(set.Statements) > 0 {
		document, err := policy.Document{Statements: set.Statements}.JSON()
		if err != nil {
			return nil, err
		}
		inline, err := ssoadmin.NewPermissionSetInlinePolicy(ctx, set.Name, &ssoadmin.PermissionSetInlinePolicyArgs{
			InstanceArn: instance, PermissionSetArn: arn, InlinePolicy: pulumi.String(document),
		}, pulumi.Parent(p), pulumi.DependsOn(last), inTurn)
		if err != nil {
			return nil, err
		}
		last = []pulumi.Resource{inline}
	}
	if set.Boundary == nil {
		return last, nil
	}
	for _, account := range slices.Sorted(maps.Keys(boundaries)) {
		last = append(last, boundaries[account])
	}
	boundary, err := ssoadmin.NewPermissionsBoundaryAttachment(ctx, set.Name, &ssoadmin.PermissionsBoundaryAttachmentArgs{
		InstanceArn: instance, PermissionSetArn: arn,
		PermissionsBoundary: ssoadmin.PermissionsBoundaryAttachmentPermissionsBoundaryArgs{
			CustomerManagedPolicyReference: ssoadmin.PermissionsBoundaryAttachmentPermissionsBoundaryCustomerManagedPolicyReferenceArgs{Name: pulumi.String(set.Boundary.Name)},
		},
	}, pulumi.Parent(p), pulumi.DependsOn(last), inTurn)
	return []pulumi.Resource{boundary}, err
}

// addBoundaries declares the policy of a set's boundary in each account that the set is assigned in, and returns the policies by account. A
// permission set refers to it by name.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/howtocmp.html
func (p *PermissionSets) addBoundaries(ctx *pulumi.Context, set PermissionSet, tags pulumi.StringMapInput) (map[string]pulumi.Resource, error) {
	if set.Boundary == nil {
		return nil, nil
	}
	policies := map[string]pulumi.Resource{}
	document, err := policy.Document{Statements: set.Boundary.Statements}.JSON()
	if err != nil {
		return nil, err
	}
	for i, assignment := range set.Assignments {
		if i > 0 && assignment.Account == set.Assignments[i-1].Account {
			continue
		}
		if assignment.Provider == nil {
			return nil, fmt.Errorf("permission set %s: no provider for account %s, which gets the policy of the boundary", set.Name, assignment.Account)
		}
		created, err := iam.NewPolicy(ctx, set.Name+"--"+assignment.Account, &iam.PolicyArgs{
			Name:        pulumi.String(set.Boundary.Name),
			Description: pulumi.String("What the permission set " + set.SetName + " can't do more than"),
			Policy:      pulumi.String(document),
			Tags:        tags,
		}, pulumi.Parent(p), pulumi.Provider(assignment.Provider))
		if err != nil {
			return nil, err
		}
		policies[assignment.Account] = created
	}
	return policies, nil
}

// assign declares the assignments of a permission set after other resources. Those in one account are in one lane. Each depends on the
// boundary's policy of its account by itself: if the account leaves, nothing else that depends on the policy is deleted, and IAM deletes no
// policy that a role has.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
func (p *PermissionSets) assign(ctx *pulumi.Context, set PermissionSet, args *PermissionSetsArgs, created *ssoadmin.PermissionSet,
	after []pulumi.Resource, boundaries map[string]pulumi.Resource,
) error {
	var in *lane
	for i, assignment := range set.Assignments {
		if i == 0 || assignment.Account != set.Assignments[i-1].Account {
			in = p.next(assignment.Account)
		}
		before := slices.Clone(after)
		for _, other := range []pulumi.Resource{in.last, boundaries[assignment.Account]} {
			if other != nil {
				before = append(before, other)
			}
		}
		assigned, err := ssoadmin.NewAccountAssignment(ctx, set.Name+"--"+assignment.Account+"--"+assignment.Group, &ssoadmin.AccountAssignmentArgs{
			InstanceArn:      args.InstanceARN,
			PermissionSetArn: created.Arn,
			PrincipalType:    pulumi.String("GROUP"),
			PrincipalId:      assignment.GroupID,
			TargetType:       pulumi.String("AWS_ACCOUNT"),
			TargetId:         assignment.AccountID,
		}, pulumi.Parent(p), pulumi.DependsOn(before), args.Calls.InTurn())
		if err != nil {
			return err
		}
		in.last = assigned
		in.assignments++
	}
	return nil
}

// next returns the lane of another permission set in an account. A new account finds its permission sets in all lanes, and so does a new
// permission set its accounts: in one, they would be assigned one after another.
func (p *PermissionSets) next(account string) *lane {
	next := slices.MinFunc(p.lanes, func(a, b *lane) int {
		return cmp.Or(cmp.Compare(a.sets[account], b.sets[account]), cmp.Compare(a.assignments, b.assignments))
	})
	next.sets[account]++
	return next
}

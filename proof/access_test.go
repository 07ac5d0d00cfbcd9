package proof

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	contacttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

func readRoot(id string) *directory { return &directory{root: orgtypes.Root{Id: &id}} }

func attached(arns ...string) []iamtypes.AttachedPolicy {
	var all []iamtypes.AttachedPolicy
	for _, arn := range arns {
		all = append(all, iamtypes.AttachedPolicy{PolicyArn: &arn})
	}
	return all
}

func TestAttachedOnly(t *testing.T) {
	t.Parallel()
	const admin, reader = "arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/ReadOnlyAccess"
	for name, c := range map[string]struct {
		attached []iamtypes.AttachedPolicy
		err      string
	}{
		"the declared":         {attached(reader), ""},
		"none":                 {nil, "lacks " + reader},
		"one more":             {attached(reader, admin), "also has " + admin},
		"another":              {attached(admin), "lacks " + reader + ", and has " + admin},
		"one of the account's": {attached("arn:aws:iam::111111111111:policy/ReadOnlyAccess"), "lacks " + reader},
	} {
		if err := attachedOnly(c.attached, managed("ReadOnlyAccess")...); !errorHas(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := attachedOnly(nil); err != nil {
		t.Error(err)
	}
}

func TestCheckBoundary(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:iam::111111111111:policy/acme-prod-operator-boundary"
	found := &identities{policies: map[string]string{arn: `{"Statement":[{"Effect":"Allow","Action":["ec2:*"],"Resource":["*"]}]}`}}
	bound := func(arn string) iamtypes.RoleDetail {
		return iamtypes.RoleDetail{PermissionsBoundary: &iamtypes.AttachedPermissionsBoundary{PermissionsBoundaryArn: &arn}}
	}
	within := func(actions ...string) organization.Role {
		return organization.Role{Boundary: []policy.Statement{{Effect: policy.Allow, Action: actions, Resource: []string{"*"}}}}
	}
	for name, c := range map[string]struct {
		role     iamtypes.RoleDetail
		declared organization.Role
		err      string
	}{
		"the declared":      {bound(arn), within("ec2:*"), ""},
		"none, as declared": {iamtypes.RoleDetail{}, organization.Role{}, ""},
		"none":              {iamtypes.RoleDetail{}, within("ec2:*"), "has no boundary"},
		"one too much":      {bound(arn), organization.Role{}, "has the boundary " + arn},
		"a wider one":       {bound(arn), within("ec2:StartInstances"), "statement 1 is"},
		"AWS's":             {bound("arn:aws:iam::aws:policy/PowerUserAccess"), within("ec2:*"), "the account has no policy"},
	} {
		if err := found.checkBoundary(c.role, c.declared); !errorHas(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCheckRefusal checks what each answer to an attempt to assume a role proves.
func TestCheckRefusal(t *testing.T) {
	t.Parallel()
	const refused = `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>`
	there := &identities{roles: map[string]iamtypes.RoleDetail{"acme-prod-admin": {}}}
	for name, c := range map[string]struct {
		found  *identities
		status int
		body   string
		err    string
	}{
		"refused":                {there, http.StatusForbidden, refused, ""},
		"let in":                 {there, http.StatusOK, `<AssumeRoleResponse><AssumeRoleResult></AssumeRoleResult></AssumeRoleResponse>`, "let in the credentials"},
		"refused without a role": {&identities{}, http.StatusForbidden, refused, "the account has no role acme-prod-admin"},
		"out of order": {
			there, http.StatusBadRequest, `<ErrorResponse><Error><Code>RegionDisabledException</Code></Error></ErrorResponse>`,
			"RegionDisabledException",
		},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}))
		p := &prover{org: declared(), accounts: []*account{{clients: newClients(config(server.URL, "us-west-2"))}}}
		if err := p.checkRefusal(t.Context(), c.found, "111111111111", "acme-prod-admin"); !errorHas(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	const profile = `<GetLoginProfileResponse><GetLoginProfileResult><LoginProfile><UserName>ada</UserName></LoginProfile></GetLoginProfileResult></GetLoginProfileResponse>`
	for _, c := range []struct {
		code string // empty for an answer without an error
		want bool
		err  string
	}{
		{"", true, ""},
		{"", false, "there is a password"},
		{"NoSuchEntity", false, ""},
		{"NoSuchEntity", true, "there is no password"},
		{"AccessDenied", false, "AccessDenied"},
		{"AccessDenied", true, "AccessDenied"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if c.code == "" {
				_, _ = io.WriteString(w, profile)
				return
			}
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>`+c.code+`</Code></Error></ErrorResponse>`)
		}))
		if err := checkPassword(t.Context(), newClients(config(server.URL, "us-west-2")).iam, "ada", c.want); !errorHas(err, c.err) {
			t.Errorf("%q, %t: %v", c.code, c.want, err)
		}
		server.Close()
	}
}

func TestDemands(t *testing.T) {
	t.Parallel()
	want := organization.PasswordPolicy{MinimumLength: 16, Uppercase: true, Lowercase: true, Numbers: true, Symbols: true, Reuse: 24}
	for name, c := range map[string]struct {
		change func(*iamtypes.PasswordPolicy)
		err    string
	}{
		"as declared":     {func(*iamtypes.PasswordPolicy) {}, ""},
		"shorter":         {func(p *iamtypes.PasswordPolicy) { p.MinimumPasswordLength = aws.Int32(8) }, "MinimumPasswordLength is 8, and not 16"},
		"without symbols": {func(p *iamtypes.PasswordPolicy) { p.RequireSymbols = false }, "RequireSymbols is false, and not true"},
		"again":           {func(p *iamtypes.PasswordPolicy) { p.PasswordReusePrevention = nil }, "PasswordReusePrevention is 0, and not 24"},
		"expires":         {func(p *iamtypes.PasswordPolicy) { p.MaxPasswordAge = aws.Int32(90) }, "MaxPasswordAge is 90, and not 0"},
		"for good":        {func(p *iamtypes.PasswordPolicy) { p.HardExpiry = aws.Bool(true) }, "HardExpiry is true, and not false"},
		"not one's own":   {func(p *iamtypes.PasswordPolicy) { p.AllowUsersToChangePassword = false }, "AllowUsersToChangePassword is false"},
		"two":             {func(p *iamtypes.PasswordPolicy) { *p = iamtypes.PasswordPolicy{AllowUsersToChangePassword: true} }, "RequireNumbers is false, and not true; RequireSymbols"},
	} {
		got := iamtypes.PasswordPolicy{
			MinimumPasswordLength: aws.Int32(16), PasswordReusePrevention: aws.Int32(24), AllowUsersToChangePassword: true,
			RequireUppercaseCharacters: true, RequireLowercaseCharacters: true, RequireNumbers: true, RequireSymbols: true,
		}
		c.change(&got)
		if err := demands(&got, want); !errorHas(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIsContact(t *testing.T) {
	t.Parallel()
	want := organization.Contact{Name: "Ada", Title: "CISO", Email: "a@acme.example", Phone: "1"}
	contact := func(email string) *contacttypes.AlternateContact {
		return &contacttypes.AlternateContact{Name: aws.String("Ada"), Title: aws.String("CISO"), EmailAddress: &email, PhoneNumber: aws.String("1")}
	}
	for _, c := range []struct {
		contact *contacttypes.AlternateContact
		err     string
	}{
		{contact("a@acme.example"), ""},
		{contact("e@evil.example"), "e@evil.example"},
		{nil, "there is none"},
	} {
		if err := isContact(c.contact, want); !errorHas(err, c.err) {
			t.Errorf("%v, want %q", err, c.err)
		}
	}
}

// TestProveParameters checks that a parameter must have the value that the other proofs found.
func TestProveParameters(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = io.WriteString(w, `{"Parameters":[
			{"Name":"/acme/prod/account_id","Type":"String","Value":"2"},
			{"Name":"/acme/prod/account_arn","Type":"SecureString","Value":"arn:prod"},
			{"Name":"/acme/prod/access_role","Type":"String","Value":"arn:aws:iam::1:role/OrganizationAccountAccessRole"},
			{"Name":"/acme/prod/network","Type":"String","Value":"10.0.0.0/16"}]}`)
	}))
	t.Cleanup(server.Close)
	prod := &account{name: "prod", id: "2", clients: newClients(config(server.URL, "us-west-2"))}
	p := &prover{org: declared(), directory: readRoot("r-1"), accounts: []*account{{name: organization.Master, id: "1"}, prod}}
	p.members = []orgtypes.Account{{Id: aws.String("2"), Arn: aws.String("arn:prod")}}
	p.proveParameters(t.Context(), prod)
	want := map[string]string{
		"/acme/prod/account_arn is the ARN of prod": "there is no such parameter",
		"/acme/prod/access_role is the ARN of OrganizationAccountAccessRole": `it is "arn:aws:iam::1:role/OrganizationAccountAccessRole", ` +
			`and not "arn:aws:iam::2:role/OrganizationAccountAccessRole"`,
		"/acme/prod/network isn't there":      `it is "10.0.0.0/16", and not ""`,
		"/acme/prod/zone_id is its zone's id": "there is no zone",
	}
	if diff := cmp.Diff(want, failed(prod)); diff != "" {
		t.Error(diff)
	}
	if len(prod.proofs) != 5 {
		t.Errorf("%d proofs", len(prod.proofs))
	}
}

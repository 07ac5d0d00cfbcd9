package recovery

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEveryType checks that each type of resource that coldstart declares has a row, or is
// listed with the reason why it can't be found, and that no other type is listed.
func TestEveryType(t *testing.T) {
	t.Parallel()
	listed := slices.Collect(maps.Keys(unfound))
	for _, k := range table {
		listed = append(listed, k.Type)
	}
	slices.Sort(listed)
	if diff := cmp.Diff(declaredTypes(t), listed); diff != "" {
		t.Errorf("the types that coldstart declares (-) and those that recovery lists (+):\n%s", diff)
	}
}

// TestRows checks that a row's fields don't contradict each other.
func TestRows(t *testing.T) {
	t.Parallel()
	for _, k := range table {
		if k.ByProgram == (k.ID != nil) {
			t.Errorf("%s: it is found by the program, or by an id", k.Type)
		}
		if k.Await != nil && !k.ByProgram {
			t.Errorf("%s: it is waited for, and the program doesn't find it", k.Type)
		}
		if k.Again && k.Forget != nil {
			t.Errorf("%s: what may be made twice needn't be forgotten", k.Type)
		}
		if k.Ours != nil && k.Tags != nil {
			t.Errorf("%s: two ways of telling whose it is", k.Type)
		}
	}
	for typ, why := range unfound {
		if why == "" {
			t.Errorf("%s: it isn't said why it can't be found", typ)
		}
	}
}

// declaredTypes returns the types of AWS resources that coldstart's code declares: by the SDK's
// constructors, or by type tokens.
func declaredTypes(t *testing.T) []string {
	t.Helper()
	found, types := map[string]bool{}, awsTypes(t)
	err := filepath.WalkDir(filepath.Join("..", ".."), func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{"examples", "e2e", "toolchain", "testdata", ".git"}, entry.Name()):
			return filepath.SkipDir // These folders aren't part of the program.
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err == nil {
			addTypes(t, file, types, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(found))
}

const sdk = "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/"

// addTypes adds the types that a file declares. Types are the tokens in package awstype.
func addTypes(t *testing.T, file *ast.File, types map[string]string, found map[string]bool) {
	t.Helper()
	modules, constants := modulesOf(file), constantsOf(file)
	maps.Copy(constants, types)
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if method.Sel.Name == "RegisterResource" {
			typ := tokenOf(call.Args[0], constants)
			if typ == "" {
				t.Errorf("%s: RegisterResource with a type that is no constant of its file", file.Name)
			}
			if strings.HasPrefix(typ, "aws:") {
				found[typ] = true
			}
		}
		receiver, ok := method.X.(*ast.Ident)
		if made := constructor.FindStringSubmatch(method.Sel.Name); ok && made != nil && modules[receiver.Name] != "" {
			found["aws:"+modules[receiver.Name]+"/"+strings.ToLower(made[1][:1])+made[1][1:]+":"+made[1]] = true
		}
		return true
	})
}

var constructor = regexp.MustCompile(`^New([A-Z]\w*)$`)

// modulesOf returns the packages of the provider's SDK that a file imports, by their names in
// the file.
func modulesOf(file *ast.File) map[string]string {
	modules := map[string]string{}
	for _, imported := range file.Imports {
		address, _ := strconv.Unquote(imported.Path.Value)
		if !strings.HasPrefix(address, sdk) {
			continue
		}
		name := path.Base(address)
		if imported.Name != nil {
			name = imported.Name.Name
		}
		modules[name] = strings.TrimPrefix(address, sdk)
	}
	return modules
}

// constantsOf returns the texts to which a file gives names.
func constantsOf(file *ast.File) map[string]string {
	constants := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		for i := 0; ok && i < min(len(spec.Names), len(spec.Values)); i++ {
			constants[spec.Names[i].Name] = tokenOf(spec.Values[i], nil)
		}
		return true
	})
	return constants
}

// tokenOf returns the text of a literal or of a named constant.
func tokenOf(e ast.Expr, constants map[string]string) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.Ident:
		return constants[e.Name]
	case *ast.SelectorExpr:
		if of, ok := e.X.(*ast.Ident); ok {
			return constants[of.Name+"."+e.Sel.Name]
		}
	}
	return ""
}

// awsTypes returns the tokens in package awstype, by the names that other packages have for them.
func awsTypes(t *testing.T) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "awstype", "awstype.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{}
	for name, typ := range constantsOf(file) {
		types["awstype."+name] = typ
	}
	return types
}

func TestRecoveredIDs(t *testing.T) {
	t.Parallel()
	f := &Finder{}
	for _, c := range []struct {
		kind   string
		inputs map[string]any
		want   string
	}{
		{"aws:s3/bucketV2:BucketV2", map[string]any{"bucket": "b"}, "b"},
		{"aws:s3/bucketPolicy:BucketPolicy", map[string]any{"bucket": "b"}, "b"},
		{"aws:kms/alias:Alias", map[string]any{"name": "alias/a"}, "alias/a"},
		{"aws:iam/role:Role", map[string]any{"name": "r"}, "r"},
		{"aws:iam/rolePolicy:RolePolicy", map[string]any{"role": "r", "name": "p"}, "r:p"},
		{"aws:route53/record:Record", map[string]any{"zoneId": "Z", "name": "n", "type": "NS"}, "Z_n_NS"},
		{"aws:organizations/account:Account", map[string]any{"email": "e"}, ""},
		{"aws:iam/group:Group", map[string]any{"name": "g"}, "g"},
		{"aws:iam/groupPolicy:GroupPolicy", map[string]any{"group": "g", "name": "p"}, "g:p"},
		{"aws:iam/user:User", map[string]any{"name": "u"}, "u"},
		{"aws:iam/accountAlias:AccountAlias", map[string]any{"accountAlias": "a"}, "a"},
		{"aws:accessanalyzer/analyzer:Analyzer", map[string]any{"analyzerName": "a"}, "a"},
		{"aws:organizations/policyAttachment:PolicyAttachment", map[string]any{"policyId": "p-1", "targetId": "r-1"}, "r-1:p-1"},
		{"aws:organizations/delegatedAdministrator:DelegatedAdministrator", map[string]any{"accountId": "1", "servicePrincipal": "s"}, "1/s"},
		// The calls that create these may be made twice.
		{"aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", map[string]any{"blockPublicAcls": true}, ""},
		{"aws:ebs/encryptionByDefault:EncryptionByDefault", map[string]any{"enabled": true}, ""},
		{"aws:account/alternativeContact:AlternativeContact", map[string]any{"name": "n"}, ""},
		{"aws:iam/accountPasswordPolicy:AccountPasswordPolicy", map[string]any{"minimumPasswordLength": 16.0}, ""},
		{"aws:iam/rolePolicyAttachment:RolePolicyAttachment", map[string]any{"role": "r", "policyArn": "p"}, ""},
		{"aws:iam/groupPolicyAttachment:GroupPolicyAttachment", map[string]any{"group": "g", "policyArn": "p"}, ""},
		{"aws:iam/userGroupMembership:UserGroupMembership", map[string]any{"user": "u"}, ""},
	} {
		r := Resource{Type: c.kind, Inputs: c.inputs}
		if got, err := f.taken(t.Context(), rowOf(c.kind), r); got != c.want || err != nil {
			t.Errorf("%s: %q, %v", c.kind, got, err)
		}
	}
}

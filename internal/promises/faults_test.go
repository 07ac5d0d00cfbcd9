//go:build !race

package promises_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/internal/inventory"
	"github.com/coldstart-aws/coldstart/internal/promises"
	"github.com/coldstart-aws/coldstart/organization"
)

// documents are the inputs of resources that are IAM documents.
var documents = []string{"policy", "assumeRolePolicy", "content"}

// equivalent are faults that change no answer, with the reason. A resource's own policy is about that resource whatever it
// says.
var equivalent = map[string]string{
	"ChangeOneName, of route53:*":                                       "no other action has the keys that the statement asks for",
	"SeeWhichZonesAreGone, on everything":                               "the action is on zones only",
	"WaitForTheChange, on everything":                                   "the action is on changes only",
	"WaitForTheChange, of route53:*":                                    "no other action is on changes",
	"DecryptState, on everything":                                       "DecryptNothingElse denies it",
	"DecryptSecretsOfState, on everything":                              "DecryptNothingElse denies it",
	"AssumeRoles, without Bool aws:MultiFactorAuthPresent":              "NothingElseWithoutMFA denies it, and the role's trust",
	"UsersWithMFA, without Bool aws:MultiFactorAuthPresent":             "in an organization with mfaMaxAge, that needs MFA too",
	"protect-audit 3, on everything":                                    "only requests to KMS have aliases",
	"allowed-instance-types 2, on everything":                           "a type is an instance's",
	"deny-foreign-principals 2, without Bool aws:PrincipalIsAWSService": "services alone send aws:SourceAccount",
	"quarantine 2, gone":                                                "the first statement denies everything",
	"quarantine 2, on everything":                                       "the first statement denies everything",
	"DenyPlaintext, on everything":                                      "it is the bucket's own policy",
	"DenyChanges, on everything":                                        "it is the bucket's own policy",
	"TrailsSeeTheBucket, on everything":                                 "it is the bucket's own policy",
}

// madeUp matches what is made up for a key.
var madeUp = regexp.MustCompile(`00000000-0000-0000-0000-\d{12}`)

// TestFaults: every document of every organization keeps all promises, and no document does in which a fault is. It takes most of a minute under the race detector, so make unit runs it without.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, text := range organizations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org, drawn := draw(t, text)
			faulty(t, org, drawn)
		})
	}
}

// faulty puts one fault after another into the documents.
func faulty(t *testing.T, org *organization.Organization, plan *inventory.Inventory) {
	t.Helper()
	seen, found, total := map[string]bool{}, map[string]int{}, 0
	var names []string
	for name, id := range plan.Accounts {
		names = append(names, id, "{}", "-"+name+"-", "-{}-", `"`+name+".", `"{}.`, "/"+name+".", "/{}.")
	}
	nameless := strings.NewReplacer(names...)
	for i, res := range plan.Resources {
		for _, input := range documents {
			text := res.Text(input)
			account := plan.NameOf(res.Account)
			key := madeUp.ReplaceAllString(nameless.Replace(res.Type+input+text), "")
			if !strings.Contains(text, "Statement") || seen[key] || strings.Contains(text, "gamelift") {
				continue
			}
			if input == "assumeRolePolicy" && organization.PermissionSetOf(res.ARN) != "" {
				continue // AWS alone writes it: https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetsconcept.html
			}
			seen[key] = true
			for _, f := range faultsOf(t, res.Name, text) {
				if equivalent[f.what] != "" {
					continue
				}
				total++
				broken := res
				broken.Inputs = maps.Clone(res.Inputs)
				broken.Inputs[input] = f.document
				drawn := *plan
				drawn.Resources = slices.Clone(plan.Resources)
				drawn.Resources[i] = broken
				unkept := slices.DeleteFunc(check(t, org, &drawn), func(p promises.Promise) bool { return len(p.Broken) == 0 })
				if len(unkept) == 0 {
					t.Errorf("%s %s of %s, %s: %s: nothing is broken", res.Type, res.Name, account, input, f.what)
					continue
				}
				found[unkept[0].Name]++
				if os.Getenv("SHOW") != "" {
					t.Logf("%s %s of %s, %s: %s: %s: %s", res.Type, res.Name, account, input, f.what, unkept[0].Name, unkept[0].Broken[0])
				}
			}
		}
	}
	t.Logf("%d faults: %v", total, found)
}

// fault is a document with one fault.
type fault struct{ what, document string }

// document is an IAM document.
type document struct {
	Version   string
	Statement []map[string]any
}

// faultsOf returns a document's faults: each statement that is gone, each condition, and each list that is everything.
func faultsOf(t *testing.T, name, text string) (faults []fault) {
	t.Helper()
	parse := func() (d document) {
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	add := func(i int, what string, change func(s map[string]any)) {
		d := parse()
		title, named := d.Statement[i]["Sid"].(string)
		if !named {
			title = fmt.Sprintf("%s %d", name, i+1)
		}
		what = title + ", " + what
		if change == nil {
			d.Statement = slices.Delete(d.Statement, i, i+1)
		} else {
			change(d.Statement[i])
		}
		broken, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, fault{what, string(broken)})
	}
	for i, s := range parse().Statement {
		if len(parse().Statement) > 1 {
			add(i, "gone", nil)
		}
		conditions, _ := s["Condition"].(map[string]any)
		for _, operator := range slices.Sorted(maps.Keys(conditions)) {
			for _, key := range slices.Sorted(maps.Keys(conditions[operator].(map[string]any))) {
				add(i, "without "+operator+" "+key, func(s map[string]any) {
					of := s["Condition"].(map[string]any)
					if keys := of[operator].(map[string]any); len(keys) > 1 {
						delete(keys, key)
					} else if delete(of, operator); len(of) == 0 {
						delete(s, "Condition")
					}
				})
			}
		}
		if list := texts(s["Resource"]); len(list) > 0 && !slices.Contains(list, "*") {
			add(i, "on everything", func(s map[string]any) { s["Resource"] = "*" })
		}
		if s["Effect"] == "Allow" {
			if s["Principal"] != nil {
				add(i, "for everybody", func(s map[string]any) { s["Principal"] = "*" })
			}
			if list := texts(s["Action"]); len(list) > 0 && !strings.Contains(list[0], ":Assume") && !strings.Contains(list[0], "*") {
				service, _, _ := strings.Cut(list[0], ":")
				add(i, "of "+service+":*", func(s map[string]any) { s["Action"] = service + ":*" })
			}
		}
	}
	return faults
}

// texts returns a list of texts, of which a document may have one by itself.
func texts(v any) (list []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			list = append(list, fmt.Sprint(one))
		}
	}
	return list
}

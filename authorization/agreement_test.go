package authorization_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/authorization"
)

// differences are what MiniStack's evaluator answers otherwise, by words in the difference's name, and the
// document of AWS's by which it is wrong. A generated request is named by what makes the difference.
var differences = map[string]string{
	// A session's aws:PrincipalArn is the ARN of its role.
	"caller's ARN: a role session":       "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn",
	"condition on the principal's ARN":   "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn",
	"generated, with aws:PrincipalArn":   "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn",
	"key is there keeps the deny":        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null",
	"tag keys may be used: none":         "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null",
	"generated, with aws:TagKeys":        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Null",
	"star in an ARN comparison":          "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN",
	"generated, with no ARN":             "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN",
	"Everyone is the principal":          "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles",
	"generated, with everyone":           "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles",
	"names in a principal are case":      "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-users",
	"A federated user's session":         "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html",
	"names the federated user's session": "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html",
}

// compared is a request that both evaluators decide.
type compared struct {
	Name     string                 `json:"name"`
	Request  authorization.Request  `json:"request"`
	Policies authorization.Policies `json:"policies"`
	Outcome  authorization.Outcome  `json:"outcome"`
}

// Another evaluator, which nobody here has written, answers the same: on the examples of AWS's
// documentation and on generated requests, but for differences in which AWS's documents say otherwise.
func TestAgreement(t *testing.T) {
	t.Parallel()
	python := os.Getenv("AGREEMENT_PYTHON")
	if python == "" {
		t.Skip("NOT TESTED: agreement with another evaluator (make agreement)")
	}
	cmd := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "agree.py"))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(toCompare(t)), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	known := 0
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var d struct {
			Name, Other, Ours string
			Decided           int
			Omitted           map[string]int
		}
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		switch {
		case d.Name == "" && d.Decided < 2000:
			t.Errorf("only %d requests were compared", d.Decided)
		case d.Name == "":
			t.Logf("%d requests, %d known differences; left out: %v", d.Decided, known, d.Omitted)
		case documented(d.Name):
			known++
		default:
			t.Errorf("%s: %s, and by the other evaluator %s", d.Name, d.Ours, d.Other)
		}
	}
}

// documented reports whether a difference is one of those that AWS's documents decide.
func documented(name string) bool {
	for words := range differences {
		if strings.Contains(name, words) {
			return true
		}
	}
	return false
}

// toCompare returns the examples of AWS's documentation and generated requests as JSON, a line each,
// without those that nobody can decide.
func toCompare(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	add := func(c compared) {
		line, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if c.Request.Complete && c.Outcome != authorization.CantTell {
			b.Write(append(line, '\n'))
		}
	}
	files, err := filepath.Glob("testdata/golden/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		for _, c := range readGolden(t, file) {
			add(compared{c.Case, c.Request, c.Policies, c.Want})
		}
	}
	r := random{rand.New(rand.NewPCG(3, 4))} //nolint:gosec // The same in every run.
	for i := range 60000 {
		q, p := r.request(), r.all()
		p.ServiceControl, p.ResourceControl, q.Complete = nil, nil, true
		add(compared{fmt.Sprint(traits(t, p), i), q, p, authorization.Decide(q, p).Outcome})
	}
	return b.Bytes()
}

// traits names a generated request by what the other evaluator takes otherwise.
func traits(t *testing.T, p authorization.Policies) string {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	for trait, words := range map[string]*regexp.Regexp{
		"aws:PrincipalArn": regexp.MustCompile(`"aws:PrincipalArn"`),
		"aws:TagKeys":      regexp.MustCompile(`"aws:TagKeys"`),
		"everyone":         regexp.MustCompile(`"Principal":{"AWS":(\[[^]]*)?"\*"`),
		"no ARN":           regexp.MustCompile(`"Arn(Like|NotEquals)"`),
	} {
		if words.Match(text) {
			return "generated, with " + trait + " "
		}
	}
	return "generated "
}

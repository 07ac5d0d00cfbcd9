package authorization_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/authorization"
)

// goldenCase is a worked example of AWS's documentation.
type goldenCase struct {
	Document string                 `json:"document"` // its address
	Case     string                 `json:"case"`
	Request  authorization.Request  `json:"request"`
	Policies authorization.Policies `json:"policies"`
	Want     authorization.Outcome  `json:"want"`
	By       []string               `json:"by"` // "policy: statement"
	Missing  authorization.Kind     `json:"missing"`
}

// leastGolden is how many examples there are at least, so that none gets lost.
const leastGolden = 992

// Every worked example of AWS's documentation is answered as AWS says.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/golden/*.json")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range files {
		for _, c := range readGolden(t, file) {
			n++
			if !strings.HasPrefix(c.Document, "https://docs.aws.amazon.com/") {
				t.Errorf("%s: %s: %q is no document of AWS's", file, c.Case, c.Document)
			}
			checkGolden(t, file, c)
		}
	}
	if n < leastGolden {
		t.Errorf("%d examples", n)
	}
}

func readGolden(t *testing.T, file string) (cases []goldenCase) {
	t.Helper()
	content, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }() // It is only read.
	decoder := json.NewDecoder(content)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&cases); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return cases
}

func checkGolden(t *testing.T, file string, c goldenCase) {
	t.Helper()
	d := authorization.Decide(c.Request, c.Policies)
	if d.Outcome != c.Want || c.Missing != "" && d.Missing != c.Missing {
		t.Errorf("%s: %s\n%s\nwant %s %s\ngot  %s", file, c.Case, c.Document, c.Want, c.Missing, d)
		return
	}
	if len(c.By) == 0 {
		return
	}
	var by []string
	for _, s := range d.By {
		by = append(by, s.Policy+": "+s.Name)
	}
	slices.Sort(c.By)
	slices.Sort(by)
	if diff := cmp.Diff(c.By, by); diff != "" {
		t.Errorf("%s: %s (-want +got)\n%s", file, c.Case, diff)
	}
}

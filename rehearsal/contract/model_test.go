package contract

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unchecked are the patterns of models that Go's regular expressions can't have: those that look ahead.
var unchecked = []string{
	// The durations of permission sets' sessions.
	`(-?)P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)([DW]))?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?`,
	`^(?![^:\\]*/action/|(?i).*<script>.*</script>.*)[^:\\]+$`, // The names of budgets.
	`^(?! )[\p{L}\p{N}\p{Z}-_]*(?<! )$`,                        // The names of cost categories.
	`(?!aws:)[a-zA-Z+-=._:/]+`,                                 // The keys of GuardDuty's tags.
	`^(?!aws:)[a-zA-Z+-=._:/]+$`,                               // The same of Security Hub's.
	`^(?!\s*$).+`,
	`^(?=.{20,2048}$)arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[a-zA-Z0-9/_+=.@-]+`,
	`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`,
}

// TestModels reads all models. Every shape that a request refers to is there, and every pattern can be checked, but for those
// that are listed.
func TestModels(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(data, "data/*.json.gz")
	if err != nil || len(files) < 13 {
		t.Fatal(files, err)
	}
	var odd []string
	for _, file := range files {
		service := strings.TrimSuffix(strings.TrimPrefix(file, "data/"), ".json.gz")
		m := modelOf(service)
		if len(m.Operations) == 0 || m.Protocol == "" {
			t.Errorf("%s has no operations or no protocol", service)
		}
		for name, o := range m.Operations {
			if o.Input.Shape != "" && m.Shapes[o.Input.Shape] == nil {
				t.Errorf("%s:%s has no input %s", service, name, o.Input.Shape)
			}
		}
		for name, s := range m.Shapes {
			for _, of := range []*member{s.Member, s.Key, s.Value} {
				if of != nil && m.Shapes[of.Shape] == nil {
					t.Errorf("%s: %s refers to %s, which isn't there", service, name, of.Shape)
				}
			}
			for _, of := range s.Members {
				if m.Shapes[of.Shape] == nil {
					t.Errorf("%s: %s refers to %s, which isn't there", service, name, of.Shape)
				}
			}
			if s.Pattern != "" && s.pattern == nil {
				odd = append(odd, s.Pattern)
			}
		}
	}
	slices.Sort(odd)
	if diff := cmp.Diff(slices.Sorted(slices.Values(unchecked)), slices.Compact(odd)); diff != "" {
		t.Errorf("patterns that aren't checked (-listed +found):\n%s", diff)
	}
}

// TestCompile checks patterns as models have them, and Go doesn't.
func TestCompile(t *testing.T) {
	t.Parallel()
	for pattern, texts := range map[string]struct{ matches, fails string }{
		`[\w+=,.@-]+`:      {"a.b", "a b"},
		`[\u0020-\u00FF]+`: {"é", "\u4e16"},
		`[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*`: {"a 😀", "\x01"},
		`^.{1,100000}$`:                     {strings.Repeat("a", 2000), ""},
		`(\u002F)|(\u002F[\u0021-\u007E]+)`: {"/teams/", "teams"},
	} {
		compiled := compile(pattern)
		if compiled == nil || !compiled.MatchString(texts.matches) || compiled.MatchString(texts.fails) {
			t.Errorf("%s: %v", pattern, compiled)
		}
	}
	if compile("") != nil || compile(`a(?!b)`) != (*regexp.Regexp)(nil) {
		t.Error("there is a pattern where there can't be one")
	}
}

// FuzzDecode checks that no body breaks a decoder.
func FuzzDecode(f *testing.F) {
	f.Add("<a><b>c</b></a>")
	f.Add("<a")
	f.Add("</a>")
	f.Fuzz(func(_ *testing.T, body string) {
		if root, err := parse([]byte(body)); err == nil {
			m := modelOf("route53")
			m.check(m.Shapes["ChangeResourceRecordSetsRequest"], m.element(root, m.Shapes["ChangeResourceRecordSetsRequest"]), "")
		}
		if members, err := object([]byte(body)); err == nil {
			m := modelOf("kms")
			m.check(m.Shapes["CreateKeyRequest"], members, "")
		}
	})
}

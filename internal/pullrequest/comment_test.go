package pullrequest

import (
	"os"
	"strings"
	"testing"
)

// TestCommentKeepsPreviews posts what Markdown writes as it is.
func TestCommentKeepsPreviews(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"change.md", "failures.md", "nothing.md"} {
		content, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if got := Comment("acme", string(content)); got != string(content) {
			t.Errorf("%s became\n%s", file, got)
		}
	}
}

// TestCommentShowsTheRestAsCode leaves nothing of what somebody else has worded to
// GitHub's Markdown.
func TestCommentShowsTheRestAsCode(t *testing.T) {
	t.Parallel()
	const fine = "### coldstart preview: no changes\n\n| stack | status |\n|:--|:--|\n| `prod` | ok |\n\n"
	for _, made := range []string{
		"@acme/platform look", "fixes #12", "acme/infrastructure#12", "GH-12", "[approve](https://evil.example)", "![](https://evil.example/i.png)",
		"<https://evil.example>", "https://evil.example", "www.evil.example", "<img src=x>", "<details><img src=x></details>", "<details><summary>@acme</summary></details>",
		"<!-- coldstart preview: other -->", "<details open onclick=x>", "text <a href=x>y</a>", "[unknown]\n\n[unknown]: //evil.example", "- [x] approved",
		"a\r@acme", "`a`@acme `b`", "```\n```\n@acme", "\x00", "<script>\n\n</script>", "~~struck~~", "&#64;acme", "&commat;acme", "\\@acme", "*@acme*", "<sub>@acme</sub>",
	} {
		got := Comment("acme", Marker("acme")+"\n"+fine+made)
		want := Marker("acme") + "\n### The preview's text isn't"
		if !strings.HasPrefix(got, want) || strings.Count(got, Marker("acme")) != 1 {
			t.Errorf("%q became\n%s", made, got)
			continue
		}
		mark := fence(made, 3)
		if !strings.Contains(got, "\n"+mark+"text\n") || !strings.HasSuffix(got, "\n"+mark+"\n\n") {
			t.Errorf("%q isn't in code:\n%s", made, got)
		}
	}
}

// TestCommentIsNeverTooLong, whatever was made.
func TestCommentIsNeverTooLong(t *testing.T) {
	t.Parallel()
	for _, made := range []string{strings.Repeat("x", 200_000), strings.Repeat("`", 200_000), strings.Repeat("é", 40_000), strings.Repeat("\xff", 100_000)} {
		if got := Comment("acme", made); len(got) > CommentLimit || !strings.HasPrefix(got, Marker("acme")) {
			t.Errorf("%q… has %d bytes", made[:4], len(got))
		}
	}
}

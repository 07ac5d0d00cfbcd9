package pullrequest

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// Comment returns the comment with a text that a pull request's own code has made, which
// may be anything. The comment begins with the marker of the organization, and is no
// longer than GitHub allows. What isn't worded as Markdown words previews is shown as
// code: there, mentions notify nobody, and links and images are just text.
func Comment(namespace, made string) string {
	marker := Marker(namespace) + "\n"
	made = strings.ToValidUTF8(strings.TrimPrefix(made, marker), "\uFFFD")
	if len(marker)+len(made) <= CommentLimit && inert([]byte(made)) {
		return marker + made
	}
	const notice = "### The preview's text isn't worded as coldstart words previews, so here it is as it was made\n\n"
	room := CommentLimit - len(marker) - len(notice)
	for size := min(len(made), room); ; size = size * 9 / 10 {
		if body := notice + fenced("text", strings.ToValidUTF8(made[:size], "")); len(body) <= room+len(notice) {
			return marker + body
		}
	}
}

var (
	markdownParser = goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	// ownTags are the tags that Markdown writes.
	ownTags = regexp.MustCompile(`<details( open)?>|</?(details|summary|b|sub)>`)
	// livelyText is what GitHub makes something of in any text: mentions, issues, addresses;
	// and entities, which could spell them.
	// https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
	livelyText = regexp.MustCompile(`(?i)@[a-z0-9]|#[0-9]|\bgh-[0-9]|://|\bwww\.|&[#a-z]`)
)

// inert reports whether a text of Markdown has only what Markdown writes, and nothing
// outside code that GitHub would make something of.
func inert(source []byte) bool {
	// A lone carriage return ends a line for GitHub and not for this parser.
	if bytes.ContainsAny(source, "\r\x00") {
		return false
	}
	fine := true
	_ = ast.Walk(markdownParser.Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		var next ast.WalkStatus
		if next, fine = harmless(n, source); !fine {
			return ast.WalkStop, nil
		}
		return next, nil
	}) // The function above returns no error.
	return fine
}

// harmless looks at one node.
func harmless(n ast.Node, source []byte) (ast.WalkStatus, bool) {
	switch n := n.(type) {
	case *ast.CodeSpan, *ast.FencedCodeBlock, *ast.CodeBlock:
		return ast.WalkSkipChildren, true
	case *ast.HTMLBlock:
		html := lines(n.Lines(), source)
		if n.HasClosure() {
			html = append(html, n.ClosureLine.Value(source)...)
		}
		return ast.WalkSkipChildren, tagged(html)
	case *ast.RawHTML:
		return ast.WalkSkipChildren, tagged(lines(n.Segments, source))
	case *ast.Text:
		return ast.WalkContinue, !livelyText.Match(n.Segment.Value(source))
	case *ast.Document, *ast.Heading, *ast.Paragraph, *ast.TextBlock, *ast.Blockquote, *ast.List, *ast.ListItem, *ast.Emphasis, *ast.String,
		*extast.Table, *extast.TableHeader, *extast.TableRow, *extast.TableCell:
		return ast.WalkContinue, true
	}
	return ast.WalkStop, false // links, images, check boxes, and what later versions know
}

func lines(segments *text.Segments, source []byte) []byte {
	var all []byte
	for i := range segments.Len() {
		segment := segments.At(i)
		all = append(all, segment.Value(source)...)
	}
	return all
}

// tagged reports whether HTML has no tags but ours, and nothing lively.
func tagged(html []byte) bool {
	rest := ownTags.ReplaceAll(html, nil)
	return !bytes.ContainsAny(rest, "<") && !livelyText.Match(rest)
}

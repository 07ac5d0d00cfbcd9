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

// Comment returns the comment with a text that a pull request's own code has written. The text may
// be anything. The comment begins with the organization's marker, and is within GitHub's limit. If
// the text isn't worded as Markdown words previews, the comment shows it as code, in which mentions
// notify nobody and links and images are plain text.
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
	// ownTags matches the HTML tags that Markdown writes.
	ownTags = regexp.MustCompile(`<details( open)?>|</?(details|summary|b|sub)>`)
	// livelyText matches what GitHub turns into a mention or a link in any text: mentions, issues,
	// addresses. It also matches entities, which could encode these.
	// https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
	livelyText = regexp.MustCompile(`(?i)@[a-z0-9]|#[0-9]|\bgh-[0-9]|://|\bwww\.|&[#a-z]`)
)

// inert reports whether a Markdown text has only elements that Markdown writes, and matches
// livelyText nowhere outside code.
func inert(source []byte) bool {
	// GitHub ends a line at a lone carriage return, and this parser doesn't.
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

// harmless reports whether one node is inert.
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
	return ast.WalkStop, false // links, images, check boxes, and node types of later versions
}

func lines(segments *text.Segments, source []byte) []byte {
	var all []byte
	for i := range segments.Len() {
		segment := segments.At(i)
		all = append(all, segment.Value(source)...)
	}
	return all
}

// tagged reports whether HTML has no tags but ownTags, and doesn't match livelyText.
func tagged(html []byte) bool {
	rest := ownTags.ReplaceAll(html, nil)
	return !bytes.ContainsAny(rest, "<") && !livelyText.Match(rest)
}

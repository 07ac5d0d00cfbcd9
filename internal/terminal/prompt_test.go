package terminal

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestConfirm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed string
		want  bool
	}{{"yes\n", true}, {" yes \r\n", true}, {"yes", true}, {"y\n", false}, {"Yes\n", false}, {"\n", false}, {"", false}} {
		var asked strings.Builder
		s := Streams{In: strings.NewReader(c.typed), Err: &asked}
		if got := s.Confirm(t.Context(), "Delete that?"); got != c.want || !strings.HasPrefix(asked.String(), "\nDelete that? Type yes: ") {
			t.Errorf("%q: %t, asked %q", c.typed, got, asked.String())
		}
	}
}

// A person who presses Ctrl-C needn't press Enter as well.
func TestReadLineEndsWithContext(t *testing.T) {
	t.Parallel()
	in, typing := io.Pipe()
	defer typing.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if text, err := ReadLine(ctx, bufio.NewReader(in)); text != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("%q, %v", text, err)
	}
}

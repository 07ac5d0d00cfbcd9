package terminal

import (
	"bufio"
	"context"
	"fmt"
	"strings"
)

// Confirm asks a question that only the answer "yes" agrees to.
func (s Streams) Confirm(ctx context.Context, question string) bool {
	fmt.Fprintf(s.Err, "\n%s Type yes: ", question)
	answer, err := ReadLine(ctx, bufio.NewReader(s.In))
	if err != nil {
		fmt.Fprintln(s.Err) // The cursor is still behind the question.
	}
	return answer == "yes"
}

// ReadLine reads a person's answer, without the spaces around it. It returns as
// soon as ctx ends, as it does with Ctrl-C: a read from a terminal would wait on.
func ReadLine(ctx context.Context, from *bufio.Reader) (string, error) {
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := from.ReadString('\n')
		read <- line{strings.TrimSpace(text), err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case l := <-read:
		if l.text != "" {
			return l.text, nil // The last line may have no end.
		}
		return "", l.err
	}
}

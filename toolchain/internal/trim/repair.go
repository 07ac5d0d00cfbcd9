package trim

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// safeReader is smithy-go's wrapper of a request's body, below vendor. The AWS
// SDK closes it as soon as an answer's header is in.
const safeReader = "github.com/aws/smithy-go/transport/http/internal/io/safe.go"

// What the wrapper's WriteTo does once it is closed, and what it ought to do.
// io.WriterTo returns no error where nothing is left to write. Go's HTTP client
// reads a body once more after all of it was sent, takes io.EOF of WriteTo for a
// failed write, and closes the connection, maybe before the answer is read. No
// release of smithy-go has this repaired (1.28.9 is the last that was looked at).
const (
	closedIsEOF = `
	if r.safeReadCloser.closed {
		return 0, io.EOF
	}
`
	closedIsDone = `
	if r.safeReadCloser.closed {
		return 0, nil
	}
`
)

// repairReader returns smithy-go's wrapper with the repair. A wrapper that isn't
// the one it was made for is an error: it would go into the plugin unrepaired.
func repairReader(file string) ([]byte, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("trim: repairing smithy-go: %w", err)
	}
	if n := bytes.Count(content, []byte(closedIsEOF)); n != 1 {
		return nil, fmt.Errorf("trim: %s isn't what the repair of smithy-go was made for: it has %d times, not once,%s"+
			"If WriteTo of a closed body returns no error by now, drop the repair; docs/adr/0009 says what it is for",
			filepath.FromSlash(safeReader), n, closedIsEOF)
	}
	return bytes.Replace(content, []byte(closedIsEOF), []byte(closedIsDone), 1), nil
}

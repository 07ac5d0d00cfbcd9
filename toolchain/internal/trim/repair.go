package trim

// safeReader is smithy-go's wrapper of a request's body. The AWS
// SDK closes it as soon as an answer's header is in.
const safeReader = "github.com/aws/smithy-go/transport/http/internal/io/safe.go"

// What the wrapper's WriteTo does once it is closed, and what it ought to do.
// io.WriterTo returns no error where nothing is left to write. Go's HTTP client
// reads a body once more after all of it was sent, takes io.EOF of WriteTo for a
// failed write, and closes the connection, maybe before the answer is read. No
// release of smithy-go has this repaired (1.28.9 is the last that was looked at).
// docs/adr/0009 has more.
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

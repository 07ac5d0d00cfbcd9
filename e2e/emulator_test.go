//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal"
)

// TestAnswersInOnePiece talks to the emulator below HTTP: an answer's body comes
// with its header, or the provider fails now and then
// (docs/adr/0009-answers-in-one-piece.md). A body that waits for the go-ahead
// (Expect: 100-continue) gets it, or every client waits for a second.
func TestAnswersInOnePiece(t *testing.T) {
	t.Parallel()
	emulator, err := rehearsal.StartEmulator(context.Background(), rehearsal.EmulatorOptions{})
	must(t, err)
	t.Cleanup(func() { must(t, emulator.Stop()) })
	endpoint, err := url.Parse(emulator.Endpoint())
	must(t, err)

	// A server that writes twice is lucky half of the time.
	for range 40 {
		conn := dial(t, endpoint.Host)
		answer := answerOnce(t, conn, getParameter(""))
		if _, body, _ := strings.Cut(answer, "\r\n\r\n"); !strings.Contains(body, "ParameterNotFound") {
			t.Fatalf("the first piece of an answer has no body:\n%s", answer)
		}
	}

	head, body, _ := strings.Cut(getParameter("Expect: 100-continue\r\n"), "\r\n\r\n")
	conn := dial(t, endpoint.Host)
	if answer := answerOnce(t, conn, head+"\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.1 100 ") {
		t.Fatalf("no go-ahead for the body but:\n%s", answer)
	}
	_, err = io.WriteString(conn, body)
	must(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(t, err)
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusBadRequest {
		t.Errorf("after the body: %s (%v)", resp.Status, err)
	}
}

// getParameter is a request for a parameter that doesn't exist.
func getParameter(header string) string {
	const body = `{"Name":"/none"}`
	return "POST / HTTP/1.1\r\nHost: ssm.us-east-1.amazonaws.com\r\n" +
		"X-Amz-Target: AmazonSSM.GetParameter\r\nContent-Type: application/x-amz-json-1.1\r\n" +
		header + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	return conn
}

// answerOnce sends a request and returns what one read gives.
func answerOnce(t *testing.T, conn net.Conn, request string) string {
	t.Helper()
	_, err := io.WriteString(conn, request)
	must(t, err)
	piece := make([]byte, 64<<10)
	n, err := conn.Read(piece)
	must(t, err)
	return string(piece[:n])
}

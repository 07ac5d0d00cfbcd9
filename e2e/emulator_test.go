//go:build e2e

package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal"
)

// TestAnswersInOnePiece reads from the emulator's connection without an HTTP client. If an
// answer's body doesn't come together with its header, the provider fails now and then
// (docs/adr/0009-answers-in-one-piece.md).
func TestAnswersInOnePiece(t *testing.T) {
	begin(t)
	emulator, err := rehearsal.StartEmulator(context.Background(), rehearsal.EmulatorOptions{})
	must(t, err)
	t.Cleanup(func() { must(t, emulator.Stop()) })

	// The test repeats this, because a server that writes twice passes half of the time.
	for range 40 {
		piece := firstPiece(t, strings.TrimPrefix(emulator.Endpoint(), "http://"))
		if _, body, _ := strings.Cut(piece, "\r\n\r\n"); body == "" {
			t.Fatalf("the first piece of an answer has no body:\n%s", piece)
		}
	}

	t.Run("go-ahead", func(t *testing.T) {
		// This client waits for the go-ahead. Others send the body after a second.
		client := http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Hour}, Timeout: time.Minute}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, emulator.Endpoint()+"/bucket/key", strings.NewReader("body"))
		must(t, err)
		req.Header.Set("Expect", "100-continue")
		resp, err := client.Do(req)
		must(t, err)
		must(t, resp.Body.Close())
	})
}

// firstPiece sends a request and returns the bytes of the first read.
func firstPiece(t *testing.T, address string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	must(t, err)
	defer func() { _ = conn.Close() }()
	must(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: s3.amazonaws.com\r\n\r\n")
	must(t, err)
	piece := make([]byte, 64<<10)
	n, err := conn.Read(piece)
	must(t, err)
	return string(piece[:n])
}

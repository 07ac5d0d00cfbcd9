// Command vending is an account vending service in a hundred lines: it shows how a
// program embeds coldstart. Whoever asks it for an account gets one, declared in
// Pulumi.master.yaml and brought up.
//
//	go run ./examples/vending -dir .
//	curl -d '{"name": "payments", "unit": "workloads"}' http://127.0.0.1:8080/accounts
//	curl http://127.0.0.1:8080/accounts/payments
//
// Accounts can't be deleted: put it behind your own sign-in before anybody else
// reaches it, and commit the file that it changes.
package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	dir := flag.String("dir", ".", "folder of Pulumi.yaml and Pulumi.master.yaml")
	address := flag.String("listen", "127.0.0.1:8080", "where to listen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *dir, *address); err != nil {
		slog.Error("vending", "error", err)
		os.Exit(1) //nolint:gocritic // The process ends; nothing is left to stop.
	}
}

// serve serves until ctx ends, then lets the run that is under way end cleanly.
func serve(ctx context.Context, dir, address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	v := newVending(ctx, dir)
	server := &http.Server{Handler: v.routes(), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // Answers are short.
	slog.Info("vending", "listening", listener.Addr().String())
	err = server.Serve(listener)
	v.wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Registry serves a container registry at a free port of this machine, whose address it
// prints, with one user and password (ada, secret). It keeps images in memory, and ends
// when its standard input does.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory"
	"golang.org/x/crypto/bcrypt"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	config := &configuration.Configuration{Storage: configuration.Storage{"inmemory": configuration.Parameters{}}}
	config.Log.AccessLog.Disabled, config.Log.Level = true, "panic"
	config.HTTP.Secret = "tests"
	users, err := htpasswd()
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(users) }()
	config.Auth = configuration.Auth{"htpasswd": configuration.Parameters{"realm": "tests", "path": users}}
	server := &http.Server{Handler: handlers.NewApp(context.Background(), config), ReadHeaderTimeout: time.Minute}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	fmt.Println(listener.Addr())
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// htpasswd writes a file with the one user.
func htpasswd() (string, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		return "", err
	}
	file, err := os.CreateTemp("", "registry-")
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(file, "ada:%s\n", hash)
	return file.Name(), errors.Join(err, file.Close())
}

// Pulumi-resource-docker stands in for Pulumi's Docker plugin 4.10.0 in coldstart's own
// tests: it has the one resource that coldstart declares, docker:index/image:Image, with
// the inputs that coldstart gives it. No module proxy has the module of the official
// plugin, which users get. Both are held to the table in docs/images.md.
package main

import (
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func main() {
	if err := serve(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve serves the plugin to an engine, whose address is the last argument, until the
// engine ends it.
func serve(args []string) error {
	p := &provider{}
	if len(args) > 0 {
		conn, err := grpc.NewClient(args[len(args)-1], grpc.WithTransportCredentials(insecure.NewCredentials()), rpcutil.GrpcChannelOptions())
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		p.engine = pulumirpc.NewEngineClient(conn)
	}
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{Init: func(s *grpc.Server) error {
		pulumirpc.RegisterResourceProviderServer(s, p)
		return nil
	}})
	if err != nil {
		return err
	}
	fmt.Println(handle.Port) // The engine waits for it.
	return <-handle.Done
}

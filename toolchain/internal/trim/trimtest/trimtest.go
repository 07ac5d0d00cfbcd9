// Package trimtest has files that package trim changes, without what doesn't matter for that:
// the tests of trim read them, and those of the toolchain, whose go command isn't one.
package trimtest

// MixedIn is provider_mux.go of Pulumi's bridge.
const MixedIn = `package tfbridge

import (
	"encoding/json"
	"io"

	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
)

func NewMuxProvider(providerInfo any, meta *ProviderMetadata) ([]byte, error) {
	if meta == nil {
		noSink := diag.DefaultSink(io.Discard, io.Discard, diag.FormatOptions{Color: colors.Never})
		spec, err := tfgen.GenerateSchema(providerInfo, noSink)
		if err != nil {
			return nil, err
		}
		bytes, err := json.Marshal(spec)
		if err != nil {
			return nil, err
		}
		meta = &ProviderMetadata{PackageSchema: bytes}
	}
	return json.Marshal(meta)
}

type ProviderMetadata struct{ PackageSchema []byte }
`

// DirectPath is grpc_dp.go of Google's storage client.
const DirectPath = `package storage

import (
	_ "google.golang.org/grpc/balancer/rls"
	_ "google.golang.org/grpc/xds/googledirectpath"
)
`

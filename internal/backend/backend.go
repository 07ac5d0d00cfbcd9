// Package backend reads what Pulumi keeps of stacks in a folder or an S3 bucket,
// with the library that Pulumi reaches it by. Nothing is written, which can't be
// said of Pulumi's own commands: the first to open an empty backend writes to it.
package backend

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file://
	_ "gocloud.dev/blob/s3blob"   // s3://
)

// Where Pulumi keeps stacks and locks. A stack is <project>/<name>.json, a lock
// organization/<project>/<stack>/<id>.json.
const (
	stacks = ".pulumi/stacks/"
	locks  = ".pulumi/locks/"
)

// ErrUnsupported says that a backend is neither a folder nor an S3 bucket.
var ErrUnsupported = errors.New("only file:// and s3:// backends can be read")

// Backend is an open backend.
type Backend struct{ bucket *blob.Bucket }

// Open opens a backend by the URL that `pulumi login` takes. What the URL of a
// bucket leaves open comes from the process's environment, as with Pulumi.
func Open(ctx context.Context, backendURL string) (*Backend, error) {
	u, err := url.Parse(backendURL)
	if err != nil {
		return nil, fmt.Errorf("the backend's URL: %w", err)
	}
	switch u.Scheme {
	case "file":
		dir, err := Folder(backendURL)
		if err != nil {
			return nil, err
		}
		u = &url.URL{Scheme: "file", Path: filepath.ToSlash(dir)}
	case "s3":
		u.RawQuery = query(u.Query()).Encode()
	default:
		return nil, fmt.Errorf("%s: %w", u.Scheme, ErrUnsupported)
	}
	prefix := strings.Trim(u.Path, "/")
	if u.Scheme == "s3" {
		u.Path = ""
	}
	bucket, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, err
	}
	if u.Scheme == "s3" && prefix != "" {
		bucket = blob.PrefixedBucket(bucket, prefix+"/")
	}
	return &Backend{bucket}, nil
}

// query brings a bucket's parameters from the names that they had with the AWS
// SDK's first version, which Pulumi takes as well, to those of today.
func query(q url.Values) url.Values {
	scheme := "https://"
	if plain := q.Get("disableSSL"); plain != "" {
		q.Del("disableSSL")
		q.Set("disable_https", plain)
		if plain == "true" {
			scheme = "http://"
		}
	}
	if endpoint := q.Get("endpoint"); endpoint != "" && !strings.Contains(endpoint, "://") {
		q.Set("endpoint", scheme+endpoint)
	}
	return q
}

// Folder returns the folder that a file:// URL means.
func Folder(backendURL string) (string, error) {
	dir, _, _ := strings.Cut(strings.TrimPrefix(backendURL, "file://"), "?")
	if dir == "~" || strings.HasPrefix(dir, "~/") {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		dir = home + strings.TrimPrefix(dir, "~")
	}
	return filepath.Abs(filepath.FromSlash(dir))
}

// HalfWritten reports whether an error is that of a file which a process that was
// killed left half-written.
func HalfWritten(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// Close closes the backend.
func (b *Backend) Close() error { return b.bucket.Close() }

// Stacks returns the names of a project's stacks, in alphabetical order.
func (b *Backend) Stacks(ctx context.Context, project string) ([]string, error) {
	var names []string
	err := b.each(ctx, stacks+project+"/", func(key string) error {
		if name := stackOf(key); name != "" {
			names = append(names, name)
		}
		return nil
	})
	slices.Sort(names)
	return slices.Compact(names), err
}

// stackOf returns the stack whose state a key holds; empty if it is something
// else, such as a copy of the state before the last update.
func stackOf(key string) string {
	name, ok := strings.CutSuffix(strings.TrimSuffix(path.Base(key), ".gz"), ".json")
	if !ok {
		return ""
	}
	return name
}

// Secrets is what encrypts the secrets in a stack's state.
type Secrets struct {
	// Type is passphrase, cloud (a key such as KMS's) or service; empty if the
	// stack has never run.
	Type string
	// Salt is what Pulumi checks a passphrase against.
	Salt string
	// URL is the key's.
	URL string
}

// Secrets returns what encrypts the secrets of a stack.
func (b *Backend) Secrets(ctx context.Context, project, stack string) (Secrets, error) {
	content, err := b.state(ctx, stacks+project+"/"+stack+".json")
	if err != nil {
		return Secrets{}, fmt.Errorf("the state of stack %s: %w", stack, err)
	}
	var state struct {
		Checkpoint struct {
			Latest struct {
				Secrets struct {
					Type  string
					State struct{ Salt, URL string }
				} `json:"secrets_providers"`
			}
		}
	}
	if err := json.Unmarshal(content, &state); err != nil {
		return Secrets{}, fmt.Errorf("the state of stack %s: %w", stack, err)
	}
	s := state.Checkpoint.Latest.Secrets
	return Secrets{Type: s.Type, Salt: s.State.Salt, URL: s.State.URL}, nil
}

// state returns a stack's state, which may be compressed.
func (b *Backend) state(ctx context.Context, key string) ([]byte, error) {
	compressed, err := b.bucket.Exists(ctx, key+".gz")
	if err != nil {
		return nil, err
	}
	if !compressed {
		return b.bucket.ReadAll(ctx, key)
	}
	content, err := b.bucket.ReadAll(ctx, key+".gz")
	if err != nil {
		return nil, err
	}
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// Lock is the lock of a stack, which a running update holds.
type Lock struct {
	Project, Stack string
	// User, Host and PID are the process that took it.
	User, Host string
	PID        int
	Since      time.Time
}

// Locks returns the locks of all stacks.
func (b *Backend) Locks(ctx context.Context) ([]Lock, error) {
	var all []Lock
	err := b.each(ctx, locks, func(key string) error {
		parts := strings.Split(key, "/")
		if path.Ext(key) != ".json" || len(parts) < 3 {
			return nil
		}
		lock := Lock{Project: parts[len(parts)-3], Stack: parts[len(parts)-2]}
		content, err := b.bucket.ReadAll(ctx, key)
		if err != nil {
			return err
		}
		var holder struct {
			PID                int
			Username, Hostname string
			Timestamp          time.Time
		}
		// One that was left half-written is a lock all the same.
		if json.Unmarshal(content, &holder) == nil {
			lock.User, lock.Host, lock.PID, lock.Since = holder.Username, holder.Hostname, holder.PID, holder.Timestamp
		}
		all = append(all, lock)
		return nil
	})
	return all, err
}

// each calls f for each key that starts with the prefix.
func (b *Backend) each(ctx context.Context, prefix string, f func(key string) error) error {
	for objects := b.bucket.List(&blob.ListOptions{Prefix: prefix}); ; {
		object, err := objects.Next(ctx)
		if err == io.EOF { //nolint:errorlint // Wrapped, it is that of a file that was left half-written.
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(object.Key); err != nil {
			return err
		}
	}
}

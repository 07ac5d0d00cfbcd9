// Package backend reads the stacks, secrets and locks that Pulumi keeps in a folder or an S3
// bucket, with the library that Pulumi itself uses.
//
//	b, err := backend.Open(ctx, dir, env, "file://~/coldstart-state")
//	if err != nil {
//		return err
//	}
//	defer b.Close()
//	stacks, err := b.Stacks(ctx, "coldstart")
//
// Only Break, Note and Forget write to the backend. Pulumi's own commands write even when they
// read: the first one to open an empty backend writes a file.
package backend

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file://
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
)

// The folders of stacks and locks. A stack is <project>/<name>.json. A lock is
// organization/<project>/<stack>/<id>.json.
const (
	stacksFolder = ".pulumi/stacks/"
	locksFolder  = ".pulumi/locks/"
)

// ErrUnsupported says that a backend is neither a folder nor an S3 bucket.
var ErrUnsupported = errors.New("only file:// and s3:// backends can be read")

// Backend is an open backend.
type Backend struct{ bucket *blob.Bucket }

// Open opens a backend by the URL that `pulumi login` takes. It opens the backend that Pulumi would
// open in the folder from, with env added to the process's environment. A bucket's region and
// credentials come from that environment unless the URL has them.
func Open(ctx context.Context, from string, env map[string]string, backendURL string) (*Backend, error) {
	if IsFolder(backendURL) {
		dir, err := Folder(from, backendURL)
		if err != nil {
			return nil, err
		}
		bucket, err := blob.OpenBucket(ctx, FolderURL(dir)+"?no_tmp_dir=true")
		if err != nil {
			return nil, err
		}
		return &Backend{bucket}, nil
	}
	u, err := url.Parse(backendURL)
	if err != nil {
		return nil, fmt.Errorf("the backend's URL: %w", err)
	}
	switch u.Scheme {
	case "s3":
		return openS3(ctx, u, env)
	default:
		return nil, fmt.Errorf("%s: %w", u.Scheme, ErrUnsupported)
	}
}

func openS3(ctx context.Context, u *url.URL, env map[string]string) (*Backend, error) {
	q, prefix := query(u.Query()), strings.Trim(u.Path, "/")
	var bucket *blob.Bucket
	var err error
	if env["AWS_ACCESS_KEY_ID"] == "" {
		bucket, err = blob.OpenBucket(ctx, (&url.URL{Scheme: u.Scheme, Host: u.Host, RawQuery: q.Encode()}).String())
	} else {
		bucket, err = withKey(ctx, u.Host, q, env)
	}
	if err != nil {
		return nil, err
	}
	if prefix != "" {
		bucket = blob.PrefixedBucket(bucket, prefix+"/")
	}
	return &Backend{bucket}, nil
}

// withKey opens a bucket with the access key of env.
func withKey(ctx context.Context, name string, q url.Values, env map[string]string) (*blob.Bucket, error) {
	cfg, err := awsconfig.Load(ctx, env, cmp.Or(q.Get("region"), env["AWS_REGION"]))
	if err != nil {
		return nil, err
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = q.Get("s3ForcePathStyle") == "true" || q.Get("use_path_style") == "true"
		if endpoint := q.Get("endpoint"); endpoint != "" {
			o.BaseEndpoint = &endpoint
		}
	})
	return s3blob.OpenBucket(ctx, client, name, nil)
}

// query translates a bucket's parameters. Pulumi also accepts the names of the AWS SDK's first
// version.
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

// Bucket returns the S3 bucket of a backend's URL; empty for other backends.
func Bucket(backendURL string) string {
	u, err := url.Parse(backendURL)
	if err != nil || u.Scheme != "s3" {
		return ""
	}
	return u.Host
}

// HalfWritten reports whether the error says that a file is incomplete, because the process that
// wrote it was killed.
func HalfWritten(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// Missing reports whether the error says that a bucket or a file doesn't exist.
func Missing(err error) bool { return gcerrors.Code(err) == gcerrors.NotFound }

// Close closes the backend.
func (b *Backend) Close() error { return b.bucket.Close() }

// Stacks returns the names of a project's stacks, in alphabetical order.
func (b *Backend) Stacks(ctx context.Context, project string) ([]string, error) {
	var names []string
	err := b.each(ctx, stacksFolder+project+"/", func(key string) error {
		if name := stackOf(key); name != "" {
			names = append(names, name)
		}
		return nil
	})
	slices.Sort(names)
	return slices.Compact(names), err
}

// Unscoped reports whether the backend has stacks outside of any project's folder, as all stacks
// were before Pulumi 3.61. Only Pulumi knows which project such a stack belongs to.
// https://www.pulumi.com/docs/iac/concepts/state-and-backends/#project-scoped-stacks
func (b *Backend) Unscoped(ctx context.Context) (bool, error) {
	unscoped := false
	err := b.each(ctx, stacksFolder, func(key string) error {
		unscoped = unscoped || stackOf(key) != "" && path.Dir(key)+"/" == stacksFolder
		return nil
	})
	return unscoped, err
}

// stackOf returns the name of the stack whose state is the object with this key. It is empty for
// other objects, such as a copy of the state before the last update.
func stackOf(key string) string {
	name, ok := strings.CutSuffix(strings.TrimSuffix(path.Base(key), ".gz"), ".json")
	if !ok {
		return ""
	}
	return name
}

// Secrets says what encrypts the secrets in a stack's state.
type Secrets struct {
	// Type is passphrase, cloud (for a key, such as a KMS key) or service; empty if the stack has
	// never run.
	Type string
	// Salt is the text by which Pulumi checks a passphrase.
	Salt string
	// URL is the URL of the key.
	URL string
}

// Secrets says what encrypts the secrets of a stack.
func (b *Backend) Secrets(ctx context.Context, project, stack string) (Secrets, error) {
	content, err := b.state(ctx, stacksFolder+project+"/"+stack+".json")
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

// Deployment returns the state of a stack. Secrets in it are encrypted. The state is empty if the
// stack has never run.
func (b *Backend) Deployment(ctx context.Context, project, stack string) (*apitype.DeploymentV3, error) {
	content, err := b.state(ctx, stacksFolder+project+"/"+stack+".json")
	if err != nil {
		return nil, fmt.Errorf("the state of stack %s: %w", stack, err)
	}
	var state struct {
		Checkpoint struct{ Latest apitype.DeploymentV3 }
	}
	if err := json.Unmarshal(content, &state); err != nil {
		return nil, fmt.Errorf("the state of stack %s: %w", stack, err)
	}
	return &state.Checkpoint.Latest, nil
}

// state returns a stack's state, decompressed if need be.
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
	// User, Host and PID identify the process that took the lock.
	User, Host string
	PID        int
	Since      time.Time

	key string
}

// String returns user@host (pid N), or says that the holder isn't known.
func (l Lock) String() string {
	if l.Host == "" {
		return "somebody who isn't named in it"
	}
	return fmt.Sprintf("%s@%s (pid %d)", l.User, l.Host, l.PID)
}

// Locks returns the locks of all stacks.
func (b *Backend) Locks(ctx context.Context) ([]Lock, error) { return b.locks(ctx, locksFolder) }

// LocksOf returns the locks of one stack, usually one or none.
func (b *Backend) LocksOf(ctx context.Context, project, stack string) ([]Lock, error) {
	return b.locks(ctx, locksFolder+"organization/"+project+"/"+stack+"/")
}

func (b *Backend) locks(ctx context.Context, prefix string) ([]Lock, error) {
	var all []Lock
	err := b.each(ctx, prefix, func(key string) error {
		parts := strings.Split(key, "/")
		if path.Ext(key) != ".json" || len(parts) < 3 {
			return nil
		}
		lock := Lock{Project: parts[len(parts)-3], Stack: parts[len(parts)-2], key: key}
		content, err := b.bucket.ReadAll(ctx, key)
		if gcerrors.Code(err) == gcerrors.NotFound {
			return nil // The lock was released in the meantime.
		}
		if err != nil {
			return err
		}
		var holder struct {
			PID                int
			Username, Hostname string
			Timestamp          time.Time
		}
		// A lock file that is incomplete is a lock, too.
		if json.Unmarshal(content, &holder) == nil {
			lock.User, lock.Host, lock.PID, lock.Since = holder.Username, holder.Hostname, holder.PID, holder.Timestamp
		}
		all = append(all, lock)
		return nil
	})
	return all, err
}

// Break removes this lock only. `pulumi cancel` would also remove a lock that somebody else has
// taken in the meantime.
func (b *Backend) Break(ctx context.Context, l Lock) error {
	err := b.bucket.Delete(ctx, l.key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return err
}

// notesFolder is the folder beside the state where coldstart keeps notes. Pulumi doesn't read it.
const notesFolder = ".coldstart/"

// Note writes a small text beside the state, under a name that may have slashes.
func (b *Backend) Note(ctx context.Context, name string, content []byte) error {
	return b.bucket.WriteAll(ctx, notesFolder+name, content, &blob.WriterOptions{ContentType: "application/json"})
}

// Notes returns the notes whose names start with a prefix, by name.
func (b *Backend) Notes(ctx context.Context, prefix string) (map[string][]byte, error) {
	found := map[string][]byte{}
	err := b.each(ctx, notesFolder+prefix, func(key string) error {
		content, err := b.bucket.ReadAll(ctx, key)
		if gcerrors.Code(err) == gcerrors.NotFound {
			return nil
		}
		found[strings.TrimPrefix(key, notesFolder)] = content
		return err
	})
	return found, err
}

// Forget removes a note.
func (b *Backend) Forget(ctx context.Context, name string) error {
	err := b.bucket.Delete(ctx, notesFolder+name)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return err
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

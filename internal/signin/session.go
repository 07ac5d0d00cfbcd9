package signin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/internal/replace"
)

// Session is a session of a user who showed an MFA code, in the form that a
// credential_process writes.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
type Session struct {
	Version         int       `json:"Version"` // 1
	AccessKeyID     string    `json:"AccessKeyId"`
	SecretAccessKey string    `json:"SecretAccessKey"`
	SessionToken    string    `json:"SessionToken"`
	Expiration      time.Time `json:"Expiration"`
}

// refusal is what a credential_process writes in place of a session to say why there is
// none. A version in words makes the AWS SDK for Go and the AWS CLI fail with the words in
// their error. Of a process that fails, the SDK for Go tells its exit code only, and Pulumi
// doesn't show what such a process writes to standard error.
type refusal struct {
	Version string `json:"Version"`
}

// refusalPrefix is how the words of a refusal begin.
const refusalPrefix = "coldstart: "

// Write writes a session as a credential_process does, or the error for which there is
// none. The process has to end with 0 in both cases.
func Write(w io.Writer, session *Session, err error) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err != nil {
		return encoder.Encode(refusal{refusalPrefix + err.Error()})
	}
	return encoder.Encode(session) //nolint:gosec // The program that runs the process needs the secret.
}

// refused returns what a refusal says that is in the error of an AWS SDK; empty if there
// is none.
func refused(text string) string {
	i := strings.Index(text, `{"Version":"`+refusalPrefix)
	if i < 0 {
		return ""
	}
	var r refusal
	if json.NewDecoder(strings.NewReader(text[i:])).Decode(&r) != nil {
		return ""
	}
	return strings.TrimPrefix(r.Version, refusalPrefix)
}

// sessionMargin is how long a session has to last yet for a program to begin with it.
const sessionMargin = time.Minute

// store is where a user's sessions are kept: a file for each, which nobody else may
// read, with temporary credentials and nothing that outlives them.
type store struct {
	file string
	now  func() time.Time
}

// openStore returns the store of a session. A session belongs to an access key, a device,
// an endpoint and a longest age: with another one of them, it is another session.
func openStore(folder string, belongsTo ...string) (*store, error) {
	if folder == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("finding a folder to keep the session in: %w; set HOME or XDG_CACHE_HOME", err)
		}
		folder = filepath.Join(cache, "coldstart", "sessions")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("making a folder to keep the session in: %w", err)
	}
	name, err := json.Marshal(belongsTo)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(name)
	return &store{file: filepath.Join(folder, hex.EncodeToString(sum[:16])+".json"), now: time.Now}, nil
}

// load returns the session that is kept; nil if there is none that lasts. A file that
// others may read or write isn't trusted.
func (s *store) load() (*Session, error) {
	info, err := os.Lstat(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the session that is kept: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, nil
	}
	content, err := os.ReadFile(s.file)
	if err != nil {
		return nil, fmt.Errorf("reading the session that is kept: %w", err)
	}
	// Of a file that isn't whole, nothing is read.
	var session Session
	if !json.Valid(content) {
		return nil, nil
	}
	if err := json.Unmarshal(content, &session); err != nil {
		return nil, fmt.Errorf("reading the session that is kept in %s: %w; delete the file", s.file, err)
	}
	if session.SessionToken == "" || session.Expiration.Before(s.now().Add(sessionMargin)) {
		return nil, nil
	}
	return &session, nil
}

// save keeps a session. A reader finds the old file or the new one.
func (s *store) save(session *Session) error {
	content, err := json.Marshal(session) //nolint:gosec // Nobody else can read the file.
	if err != nil {
		return err
	}
	if err := replace.Secret(s.file, content); err != nil {
		return fmt.Errorf("keeping the session: %w", err)
	}
	return nil
}

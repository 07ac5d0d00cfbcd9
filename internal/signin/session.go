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

// Session is a session of a user with MFA, in the format that a credential_process writes.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
type Session struct {
	Version         int       `json:"Version"` // 1
	AccessKeyID     string    `json:"AccessKeyId"`
	SecretAccessKey string    `json:"SecretAccessKey"`
	SessionToken    string    `json:"SessionToken"`
	Expiration      time.Time `json:"Expiration"`
}

// refusal is what a credential_process writes instead of a session to say why there is none. Its
// version is a text, which makes the AWS SDK for Go and the AWS CLI fail and quote the text in
// their error. If the process failed instead, the SDK for Go would report only its exit code, and
// Pulumi wouldn't show its standard error.
type refusal struct {
	Version string `json:"Version"`
}

// refusalPrefix is the beginning of a refusal's text.
const refusalPrefix = "coldstart: "

// Write writes a session as a credential_process does, or a refusal with the error. The process has
// to exit with 0 in both cases.
func Write(w io.Writer, session *Session, err error) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err != nil {
		return encoder.Encode(refusal{refusalPrefix + err.Error()})
	}
	return encoder.Encode(session) //nolint:gosec // The program that runs the process needs the secret.
}

// refused returns the text of a refusal in an AWS SDK's error; empty if there is none.
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

// sessionMargin is the time that a session must still last, so that a program can begin with it.
const sessionMargin = time.Minute

// store is a folder with a user's sessions. Each session is a file that nobody else can read. The
// file has temporary credentials only.
type store struct {
	file string
	now  func() time.Time
}

// openStore returns the store of one session. The session belongs to an access key, an MFA device,
// an endpoint and a longest age. If one of them differs, it is another session.
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

// load returns the session in the file; nil if there is none, or it doesn't last. load doesn't
// trust a file that others can read or write.
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
	// A file that isn't complete is ignored as a whole.
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

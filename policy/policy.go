package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// The versions of the policy language.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
const (
	currentVersion = "2012-10-17"
	// firstVersion is what AWS takes a document for that names no version.
	firstVersion = "2008-10-17"
)

// Document is a policy document.
type Document struct {
	// Version is the version of the policy language. Empty means 2012-10-17, the current
	// one. Documents of the version before, 2008-10-17, have no policy variables.
	Version string
	// ID is for services that want one. Most have no use for it.
	ID string
	// Statements are what the document says, in any order: AWS's decision doesn't depend
	// on it.
	Statements []Statement
}

// Statement is one statement of a document. It has either Action or NotAction, and either
// Resource or NotResource unless it is a trust policy's. Only statements of trust policies
// and of resources' policies have Principal or NotPrincipal.
type Statement struct {
	// Sid is the statement's name in its document: letters and digits.
	Sid          string     `json:"Sid,omitempty"`
	Effect       Effect     `json:"Effect"`
	Principal    *Principal `json:"Principal,omitempty"`
	NotPrincipal *Principal `json:"NotPrincipal,omitempty"`
	Action       List       `json:"Action,omitempty"`
	NotAction    List       `json:"NotAction,omitempty"`
	Resource     List       `json:"Resource,omitempty"`
	NotResource  List       `json:"NotResource,omitempty"`
	Condition    Condition  `json:"Condition,omitempty"`
}

// Effect is what a statement does.
type Effect string

// The effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Condition maps operators to condition keys to values. All of them must hold for the
// statement to apply.
type Condition map[string]map[string]List

// document is a Document as IAM's grammar has it.
type document struct {
	Version   string     `json:"Version"`
	ID        string     `json:"Id,omitempty"`
	Statement statements `json:"Statement"`
}

// statements are a list in which one statement may be written without brackets.
type statements []Statement

func (s *statements) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	if bytes.HasPrefix(data, []byte("[")) {
		return unmarshal(data, (*[]Statement)(s))
	}
	*s = make(statements, 1)
	return unmarshal(data, &(*s)[0])
}

// Parse reads a document.
func Parse(text string) (Document, error) {
	var d Document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return d, fmt.Errorf("reading a policy: %w", err)
	}
	return d, nil
}

// JSON returns the document as IAM takes it, without white space, which counts
// in the sizes that AWS Organizations allows.
func (d Document) JSON() (string, error) {
	text, err := d.MarshalJSON()
	return string(text), err
}

// MarshalJSON writes what JSON returns. Of documents by themselves JSON is the shorter:
// json.Marshal writes <, > and & in six characters.
func (d Document) MarshalJSON() ([]byte, error) {
	version := d.Version
	if version == "" {
		version = currentVersion
	}
	return marshal(document{version, d.ID, d.Statements})
}

// UnmarshalJSON reads a document as people and AWS write it.
func (d *Document) UnmarshalJSON(data []byte) error {
	var read document
	if err := unmarshal(data, &read); err != nil {
		return err
	}
	switch read.Version {
	case "":
		read.Version = firstVersion
	case currentVersion:
		read.Version = ""
	}
	*d = Document{read.Version, read.ID, read.Statement}
	return nil
}

// marshal is json.Marshal that writes <, > and & as they are.
func marshal(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSpace(out.Bytes()), err
}

// unmarshal is json.Unmarshal that refuses elements which the grammar doesn't have.
func unmarshal(data []byte, out any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(out)
}

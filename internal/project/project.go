// Package project reads coldstart's Pulumi.yaml.
//
//	p, err := project.Read(".")
package project

import (
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// Name is the name of the project.
const Name = "coldstart"

// File is the name of the project's file.
const File = "Pulumi.yaml"

// Project has what coldstart reads from Pulumi.yaml.
type Project struct {
	Name    string
	Backend struct {
		// URL is the URL of the backend; empty if the file doesn't name one.
		URL string
	}
}

// Read reads the Pulumi.yaml of a folder. It returns an error if the file isn't coldstart's, or if
// the project has another name.
func Read(dir string) (Project, error) {
	var p Project
	file := filepath.Join(dir, File)
	content, err := os.ReadFile(file)
	if err != nil {
		return p, fmt.Errorf("%s is not the project's folder: %w", dir, err)
	}
	if err := yaml.Unmarshal(content, &p); err != nil {
		return p, fmt.Errorf("%s: %w", file, err)
	}
	if p.Name != Name {
		return p, fmt.Errorf("%s: the project's name is %q: write `name: %s` again. The name has to stay: Pulumi takes keys such as %[3]s:accounts "+
			"only in the project that they are named after, and keeps the state of every stack under the project's name. "+
			"The description, the folder and the repository may have any name", file, p.Name, Name)
	}
	return p, nil
}

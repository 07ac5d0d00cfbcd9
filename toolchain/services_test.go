package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// elsewhere are Pulumi's modules whose resources another service package of the provider has.
var elsewhere = map[string]string{"cfg": "configservice", "costexplorer": "ce", "ebs": "ec2"}

// TestServicesOfThePrograms looks at the resources that the program's stacks declare.
func TestServicesOfThePrograms(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "program", "testdata", "*.urns"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no lists of resources: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`\$?aws:([a-z0-9]+)/`).FindAllStringSubmatch(string(content), -1) {
			module := match[1]
			if other, ok := elsewhere[module]; ok {
				module = other
			}
			if !slices.Contains(services, module) {
				t.Errorf("the plugin would lack what %s has: add %q to services, in toolchain/services.go", filepath.Base(file), module)
			}
		}
	}
}

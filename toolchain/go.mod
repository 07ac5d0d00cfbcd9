module github.com/coldstart-aws/coldstart/toolchain

go 1.25

package cmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// mostSaves is how many files of one name are made at most.
const mostSaves = 100

// saveText writes a text to a new file in the working folder, which its owner alone may read: a log may hold what others should not see.
func saveText(name, text string) (path string, err error) {
	name = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.+", r) {
			return r
		}
		return '-'
	}, strings.TrimLeft(name, "."))
	base, ext := strings.TrimSuffix(name, filepath.Ext(name)), filepath.Ext(name)
	for i := range mostSaves {
		if path = name; i > 0 {
			path = fmt.Sprintf("%s-%d%s", base, i+1, ext)
		}
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		if _, err = file.WriteString(text); err != nil {
			return "", errors.Join(err, file.Close())
		}
		return path, file.Close()
	}
	return "", fmt.Errorf("there are %d files called %s already", mostSaves, name)
}

// Package tree reads an fs.FS the way that a renderer must: paths stay inside the tree, symbolic links are followed inside
// the tree only, reads are bounded, and a context that ends stops the next read.
package tree

// Command rules writes what a Kubernetes API server checks of the values of its built-in kinds into a file that internal/schema
// embeds.
//
// It takes objects that the server accepts, tries other values in every place of them, and notes what the server's own
// validation says. Where all places of a field agree, that is a rule of the field; where kinds differ, one of each kind's; what
// one place answers differently at different times depends on other fields, and is printed for the person who writes the
// functions of internal/apiserver/check. Then each rule is doubted: other fields of the structure are changed while the value
// that it refuses stands, and a rule that no longer holds is given up.
//
// With -compare it breaks the samples at random instead, and prints where the rules and the server disagree.
package main

package diff

// PathString is how paths are written.
var PathString = pathString

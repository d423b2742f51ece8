module thief

go 1.23

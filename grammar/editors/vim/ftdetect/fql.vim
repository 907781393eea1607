autocmd BufRead,BufNewFile *.fql setfiletype fql

# What the completion below needs of the package bash-completion, for shells without it: the words of the line, not taken apart at = and : as bash does.
if ! declare -F _init_completion >/dev/null && ! declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref() {
        local rest=$COMP_LINE left word i
        words=()
        for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
            word=${COMP_WORDS[i]}
            left=${rest#"${rest%%[![:space:]]*}"}
            if ((i == 0)) || [[ $left != "$rest" ]]; then
                words[${#words[@]}]=$word
            else
                words[${#words[@]} - 1]+=$word
            fi
            rest=${left#"$word"}
            ((i == COMP_CWORD)) && cword=$((${#words[@]} - 1))
        done
        cur=${words[cword]}
        ((cword > 0)) && prev=${words[cword - 1]}
    }
fi


# What a shell of the toolbox starts with.
case $- in
*i*)
  PS1='\[\e[1m\]${NAMESPACE}-${ACCOUNT}\[\e[0m\] \w \$ '
  if [ -n "${NO_COLOR:-}" ]; then PS1='${NAMESPACE}-${ACCOUNT} \w \$ '; fi
  if [ -n "${BASH_VERSION:-}" ]; then
    [ ! -r /usr/share/bash-completion/bash_completion ] || . /usr/share/bash-completion/bash_completion
    complete -C aws_completer aws 2>/dev/null || true
    eval "$(direnv hook bash)"
  fi
  [ -n "${TOOLBOX_GREETED:-}" ] || toolbox banner
  export TOOLBOX_GREETED=1
  ;;
esac

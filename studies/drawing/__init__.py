"""Pictures that our own code draws for participants: damaged copies to practise on."""

"""What is made from a plan: pictures of its graphs, conditions as SQL, differences."""
